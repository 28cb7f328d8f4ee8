//! Receiving: MRGN (what every answerer does), ORGC and OREN (its options), MRGX (what it does when things go wrong).

use super::Script;

pub(super) const SCRIPTS: &[Script] = &[
    ("MRGN01", "two pages; CED, NSF, CSI, DIS in order, and DCN ends the call", "
        answers nsf
        < CED; < NSF B5 00 42 + CSI + DIS in 55..95
        > DCS 00 50 00; > tcf v27/4800 900; < CFR
        > page v27/4800 white; > MPS; < MCF
        > page v27/4800 white; > EOP; < MCF
        > DCN; > hangup; < end sent 2"),
    ("MRGN02", "two pages at one go", "
        answers
        @4800-called
        > page v27/4800 white; > MPS; < MCF; > page v27/4800 white; > EOP; < MCF
        @bye; < end sent 2"),
    ("MRGN03", "a row of 4.9 s is taken, one of 5.1 s is not", "
        answers
        @4800-called
        > page v27/4800 line 4900; > MPS; < MCF
        > page v27/4800 line 5100; > EOP; < RTN
        wait 6000; > EOP; < RTN; wait 6000; > EOP; < RTN
        @bye; < end disconnected 1"),
    ("MRGN04", "a good page, then one its owner finds bad: MCF, RTN", "
        answers good bad
        @4800-called
        > page v27/4800 white; > MPS; < MCF
        > page v27/4800 white; > EOP; < RTN
        @bye; < end disconnected 1"),
    ("MRGN05", "one page; how weak its signal may be is the gateway's matter", "
        answers
        @4800-called
        > page v27/4800 white; > EOP; < MCF
        @bye; < end sent 1"),
    ("MRGN06a", "the shortest pauses and TCF that T.30 allows", "
        answers
        @called
        wait 55; > DCS 00 50 00; wait 55; > tcf v27/4800 810; < CFR
        wait 55; > page v27/4800 white; wait 55; > MPS; < MCF
        wait 55; > page v27/4800 white; wait 55; > EOP; < MCF
        @bye; < end sent 2"),
    ("MRGN06b", "the longest pauses and TCF that T.30 allows", "
        answers
        @called
        wait 2550; > DCS 00 50 00; wait 95; > tcf v27/4800 990; < CFR
        wait 5000; > page v27/4800 white; wait 5000; > MPS; < MCF
        wait 5000; > page v27/4800 white; wait 5000; > EOP; < MCF
        @bye; < end sent 2"),
    ("MRGN07", "a TCF of other bits fails, one with a short hit passes", "
        answers
        @called
        > DCS 00 50 00; > tcf v27/4800 900 alternating; < FTT
        > DCS 00 50 00; > tcf v27/4800 900 spoilt 7; < CFR
        > page v27/4800 white; > EOP; < MCF
        @bye; < end sent 1"),
    ("MRGN08", "a TCF at another rate than commanded fails", "
        answers
        @called
        > DCS 00 50 00; > tcf v27/2400 450; < FTT
        > DCS 00 50 00; > tcf v27/4800 900; < CFR
        > page v27/4800 white; > EOP; < MCF
        @bye; < end sent 1"),
    ("MRGN09", "after EOM it identifies itself again when T2 is over", "
        answers
        @4800-called
        > page v27/4800 white; > EOM; < MCF; < DIS in 5000..7000
        @4800; > page v27/4800 white; > EOP; < MCF
        @bye; < end sent 2"),
    ("MRGN10", "DIS is repeated after T4", "
        answers
        @called; < DIS in 2550..3545; < DIS in 2550..3545
        @4800; > page v27/4800 white; > EOP; < MCF
        @bye; < end sent 1"),
    ("MRGN11", "a DCS with a wrong check sequence is none", "
        answers
        @called
        > bad DCS 00 50 00; > tcf v27/4800 900; < DIS
        > bad DCS 00 50 00; > tcf v27/4800 900; < DIS
        @4800; > page v27/4800 white; > EOP; < MCF
        @bye; < end sent 1"),
    ("MRGN12", "CRP asks for the DIS again", "
        answers
        @called; > CRP; < DIS; > CRP; < DIS
        @4800; > page v27/4800 white; > EOP; < MCF
        @bye; < end sent 1"),
    ("MRGN13", "a DCS without TCF fails", "
        answers
        @called
        > DCS 00 50 00; < FTT in 55..9000; > DCS 00 50 00; < FTT in 55..9000
        @4800; > page v27/4800 white; > EOP; < MCF
        @bye; < end sent 1"),
    ("MRGN14", "after CFR a damaged DCS, its TCF, and then a good DCS", "
        answers
        @4800-called
        > bad DCS 00 50 00; > tcf v27/4800 900; wait 3450
        @4800; > page v27/4800 white; > EOP; < MCF
        @bye; < end sent 1"),
    ("MRGN15", "after CFR a DCS without TCF", "
        answers
        @4800-called
        > DCS 00 50 00; < FTT in 55..9000
        @4800; > page v27/4800 white; > EOP; < MCF
        @bye; < end sent 1"),
    ("MRGN16", "EOM, MPS and EOP said three times are confirmed three times and counted once", "
        answers
        @4800-called
        > page v27/4800 white; > EOM; < MCF; > EOM; < MCF; > EOM; < MCF; < DIS in 5000..7000
        @4800
        > page v27/4800 white; > MPS; < MCF; > MPS; < MCF; > MPS; < MCF
        > page v27/4800 white; > EOP; < MCF; > EOP; < MCF
        @bye; < end sent 3"),
    ("MRGN17", "commands with a wrong check sequence are not answered, and the page is not lost by it", "
        answers
        @4800-called
        > page v27/4800 white; > bad EOM; wait 3450; > bad EOM; wait 3450; > EOM; < MCF; < DIS in 5000..7000
        @4800
        > page v27/4800 white; > bad MPS; wait 6000; > bad MPS; wait 6000; > MPS; < MCF
        > page v27/4800 white; > bad EOP; wait 3450; > bad EOP; wait 3450; > EOP; < MCF
        @bye; < end sent 3"),
    ("ORGC01", "two pages of other content", "
        answers
        @4800-called
        > page v27/4800 line 300; > MPS; < MCF; > page v27/4800 white; > EOP; < MCF
        @bye; < end sent 2"),
    ("ORGC02", "two white pages", "
        answers
        @4800-called
        > page v27/4800 white; > MPS; < MCF; > page v27/4800 white; > EOP; < MCF
        @bye; < end sent 2"),
    ("ORGC03", "one page", "
        answers
        @4800-called
        > page v27/4800 line 300; > EOP; < MCF
        @bye; < end sent 1"),
    ("OREN01", "a page of two blocks, then one of one; counts of frames too small in each PPS; DCN where a page was due", "
        answers
        @ecm64-called
        > block v27/4800 64 p0 b0 0-255; > PPS null 0/0 17; < MCF
        > block v27/4800 64 p0 b1 0-60; > PPS mps 0/1 17; < MCF
        > block v27/4800 64 p1 b0 0-16; > PPS mps 1/0 17; < MCF
        @bye; < end disconnected 2"),
    ("OREN02", "one frame missing in each block, first, middle and last; all frames come again", "
        answers
        @called
        > DCS 00 44 0F 30; > tcf v17/14400 2700; < CFR
        > block v17/14400 64 p0 b0 0-255 bad 0; > PPS null 0/0 256; < PPR 0
        > block v17/14400 64 p0 b0 0-255; > PPS null 0/0 256; < MCF
        > block v17/14400 64 p0 b1 0-220 bad 100; > PPS mps 0/1 221; < PPR 100,221-255
        > block v17/14400 64 p0 b1 0-220; > PPS mps 0/1 215; < MCF
        > block v17/14400 64 p1 b0 0-214 bad 214; > PPS mps 1/0 215; < PPR 214-255
        > block v17/14400 64 p1 b0 0-214; > PPS mps 1/0 215; < MCF
        @bye; < end disconnected 2"),
    ("OREN03", "after the fourth PPR, CTC: CTR, and the block is completed", "
        answers
        @ecm64-called
        > block v27/4800 64 p0 b0 0-214 bad 0; > PPS eop 0/0 9; < PPR 0,215-255
        > block v27/4800 64 p0 b0 0-214 bad 0; > PPS eop 0/0 9; < PPR 0,215-255
        > block v27/4800 64 p0 b0 0-214 bad 0; > PPS eop 0/0 9; < PPR 0,215-255
        > block v27/4800 64 p0 b0 0-214 bad 0; > PPS eop 0/0 9; < PPR 0,215-255
        > CTC 00 10; < CTR
        > block v27/4800 64 p0 b0 0-214; > PPS eop 0/0 215; < MCF
        @bye; < end sent 1"),
    ("OREN04", "EOR-NULL gives up a block: ERR, and the page goes on", "
        answers
        @ecm64-called
        > block v27/4800 64 p0 b0 0-255 bad 0; > PPS null 0/0 215; < PPR 0
        > block v27/4800 64 p0 b0 0-255 bad 0; > PPS null 0/0 215; < PPR 0
        > block v27/4800 64 p0 b0 0-255 bad 0; > PPS null 0/0 215; < PPR 0
        > block v27/4800 64 p0 b0 0-255 bad 0; > PPS null 0/0 215; < PPR 0
        > EOR null; < ERR
        > block v27/4800 64 p0 b0 0-255; > PPS eop 0/0 215; < MCF
        @bye; < end sent 1"),
    ("OREN05", "EOR-EOP gives up the last block: ERR, and nothing is confirmed", "
        answers
        @ecm64-called
        > block v27/4800 64 p0 b0 0-255; > PPS null 0/0 256; < MCF
        > block v27/4800 64 p0 b1 0-220 bad 0; > PPS null 0/1 60; < PPR 0,221-255
        > block v27/4800 64 p0 b1 0-220 bad 0; > PPS null 0/1 60; < PPR 0,221-255
        > block v27/4800 64 p0 b1 0-220 bad 0; > PPS null 0/1 60; < PPR 0,221-255
        > block v27/4800 64 p0 b1 0-220 bad 0; > PPS null 0/1 60; < PPR 0,221-255
        > EOR eop; < ERR
        @bye; < end disconnected 0"),
    ("OREN06", "EOR-MPS gives up a page: ERR, and the next one is taken", "
        answers
        @ecm64-called
        > block v27/4800 64 p0 b0 0-214 bad 0; > PPS mps 0/0 215; < PPR 0,215-255
        > block v27/4800 64 p0 b0 0-214 bad 0; > PPS mps 0/0 215; < PPR 0,215-255
        > block v27/4800 64 p0 b0 0-214 bad 0; > PPS mps 0/0 215; < PPR 0,215-255
        > block v27/4800 64 p0 b0 0-214 bad 0; > PPS mps 0/0 215; < PPR 0,215-255
        > EOR mps; < ERR
        > block v27/4800 64 p0 b0 0-214; > PPS eop 0/0 215; < MCF
        @bye; < end sent 1"),
    ("OREN07", "EOR-EOP for a page of one block", "
        answers
        @ecm64-called
        > block v27/4800 64 p0 b0 0-214 bad 0; > PPS eop 0/0 215; < PPR 0,215-255
        > block v27/4800 64 p0 b0 0-214 bad 0; > PPS eop 0/0 215; < PPR 0,215-255
        > block v27/4800 64 p0 b0 0-214 bad 0; > PPS eop 0/0 215; < PPR 0,215-255
        > block v27/4800 64 p0 b0 0-214 bad 0; > PPS eop 0/0 215; < PPR 0,215-255
        > EOR eop; < ERR
        @bye; < end disconnected 0"),
    ("OREN08", "two pages with error correction", "
        answers
        @ecm64-called
        > block v27/4800 64 p0 b0 0-214; > PPS mps 0/0 215; < MCF
        > block v27/4800 64 p1 b0 0-214; > PPS eop 1/0 215; < MCF
        @bye; < end sent 2"),
    ("OREN09", "frames of 256 octets, a whole block; the counter of pages stands still, and DCN at once", "
        answers
        @called; > DCS 00 50 0F 20; > tcf v27/4800 900; < CFR
        > block v27/4800 256 p0 b0 0-255; > PPS mps 0/0 256; < MCF
        > block v27/4800 256 p1 b0 0-247; > PPS eop 0/0 248; < MCF
        @bye; < end sent 2"),
    ("OREN10", "T.6 with error correction", "
        answers
        @called; > DCS 00 50 0F 22; > tcf v27/4800 900; < CFR
        > block v27/4800 256 p0 b0 0-75; > PPS eop 0/0 76; < MCF
        @bye; < end sent 1"),
    ("MRGX01", "nobody answers the DIS: it is repeated until T1 is over, then DCN", "
        answers
        @called; < DIS in t4; < DIS in t4; < DIS in t4; < DIS in t4; < DIS in t4
        < DCN; < end no-fax-heard 0"),
    ("MRGX02", "DCN in answer to DIS", "
        answers
        @called; @bye; < end disconnected 0"),
    ("MRGX03", "DCS again after CFR, both with the X bit; then DCN", "
        answers
        @called
        > DCS' 00 50 00; > tcf v27/4800 900; < CFR
        > DCS' 00 50 00; > tcf v27/4800 900; < CFR
        @bye; < end disconnected 0"),
    ("MRGX04", "the caller goes after a second TCF", "
        answers
        @4800-called; > DCS 00 50 00; > tcf v27/4800 900; > hangup; < end disconnected 0"),
    ("MRGX05", "MPS again after T4: its MCF was lost", "
        answers
        @4800-called
        > page v27/4800 white; > MPS; < MCF; wait 3000; > MPS; < MCF
        > hangup; < end disconnected 1"),
    ("MRGX06", "the caller goes after MPS said twice", "
        answers
        @4800-called
        > page v27/4800 white; > MPS; < MCF; > MPS; > hangup; < end disconnected 1"),
    ("MRGX07", "the caller goes after EOP said twice: all is well", "
        answers
        @4800-called
        > page v27/4800 white; > EOP; < MCF; > EOP; > hangup; < end sent 1"),
    ("MRGX08", "the caller goes after EOP said twice and answered twice", "
        answers
        @4800-called
        > page v27/4800 white; > EOP; < MCF; > EOP; < MCF; > hangup; < end sent 1"),
    ("MRGX09", "a final frame that no Recommendation knows, then DCS and TCF without a pause for the answer", "
        answers
        @called
        > raw FF C8 00; deaf
        > DCS 00 50 00; > tcf v27/4800 900; > DCS 00 50 00; > tcf v27/4800 900; > DCS 00 50 00; > tcf v27/4800 900
        > DCN; > hangup; < end disconnected 0"),
    ("MRGX10", "frames with a foreign address or an unknown code are skipped", "
        answers
        @called
        > raw A2 02 B5 C9 7E 67; < DIS
        > raw FF C0 00; @4800
        > page v27/4800 white; > EOP; < MCF
        @bye; < end sent 1"),
    ("MRGX11", "a preamble without a frame: DIS again", "
        answers
        @called
        > flags 1150; < DIS
        @4800; > page v27/4800 white; > EOP; < MCF
        @bye; < end sent 1"),
    ("MRGX12", "an unknown final frame after the page, then EOP without a pause for the answer", "
        answers
        @4800-called
        > page v27/4800 white; > raw FF C8 00; deaf
        > EOP; > EOP; > EOP; > DCN; > hangup; < end sent 1"),
    ("MRGX13", "a frame with a foreign address after the page is skipped", "
        answers
        @4800-called
        > page v27/4800 white; > raw A2 02 B5 C9 7E 67; > EOP; < MCF
        @bye; < end sent 1"),
    ("MRGX14", "a preamble without a frame after the page is skipped", "
        answers
        @4800-called
        > page v27/4800 white; > flags 1150; > EOP; < MCF
        @bye; < end sent 1"),
    ("MRGX15", "a TSI that is too long, a DCS with bits of later Recommendations", "
        answers
        @called
        > TSI 9C 1C EC 6C AC 2C CC 4C 8C 0C D4 04 04 04 04 04 04 04 04 04 04 04 04 04 04 + DCS 00 50 10 01 01 11 01 01 00
        > tcf v27/4800 900; < CFR
        > page v27/4800 white; > EOP; < MCF
        @bye; < end sent 1"),
];
