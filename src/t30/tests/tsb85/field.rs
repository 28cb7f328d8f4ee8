//! Calls of the field that went wrong elsewhere: thirteen that a tester of others knows by name, and more.

use super::Script;

pub(super) const SCRIPTS: &[Script] = &[
    ("PPS-MPS-lost-PPS", "the sender missed our MCF and sends the block and its PPS again", "
        answers
        @ecm64-called
        > block v27/4800 64 p0 b0 0-255; > PPS null 0/0 17; < MCF
        > block v27/4800 64 p0 b1 0-60; > PPS mps 0/1 17; < MCF
        > block v27/4800 64 p0 b1 0-60; > PPS mps 0/1 17; < MCF
        > block v27/4800 64 p1 b0 0-30; > PPS mps 1/0 17; < MCF
        @bye; < end disconnected 2"),
    ("V17-12000-V29-9600", "a new DCS with another modem after CFR, with error correction", "
        answers
        @called
        > DCS 00 54 1F 20; > tcf v17/12000 2250; < CFR
        > DCS 00 60 1F 20; > tcf v29/9600 1800; < CFR
        > block v29/9600 64 p0 b0 0-255; > PPS null 0/0 17; < MCF
        > block v29/9600 64 p0 b1 0-60; > PPS mps 0/1 17; < MCF
        > block v29/9600 64 p1 b0 0-30; > PPS eop 1/0 9; < MCF
        @bye; < end sent 2"),
    ("Phase-D-collision", "MCF comes as late as the MPS is repeated", "
        calls ss
        @4800-caller
        < page v27/4800 0; < MPS; wait 3500; collide; > MCF
        < page v27/4800 1; < EOP; > MCF; < DCN; < end sent 2"),
    ("Modem-change-at-CTC", "CTC names another modem", "
        answers
        @called; > DCS 00 60 1F 30; > tcf v29/9600 1800; < CFR
        > block v29/9600 64 p0 b0 0-214 bad 0; > PPS eop 0/0 9; < PPR 0,215-255
        > block v29/9600 64 p0 b0 0 bad 0; > PPS eop 0/0 9; < PPR 0,215-255
        > block v29/9600 64 p0 b0 0 bad 0; > PPS eop 0/0 9; < PPR 0,215-255
        > block v29/9600 64 p0 b0 0 bad 0; > PPS eop 0/0 9; < PPR 0,215-255
        > CTC 00 10; < CTR
        > block v27/4800 64 p0 b0 0-214; > PPS eop 0/0 215; < MCF
        @bye; < end sent 1"),
    ("ECM-DCN-clipped", "of the DCN only the preamble comes", "
        answers
        @ecm64-called
        > block v27/4800 64 p0 b0 0-16; > PPS eop 0/0 9; < MCF
        > flags 1150; < MCF; < MCF; > hangup; < end sent 1"),
    ("Non-ECM-DCN-clipped", "the same without error correction", "
        answers
        @4800-called
        > page v27/4800 white; > EOP; < MCF
        > flags 1150; < MCF; < MCF; > hangup; < end sent 1"),
    ("Tx-EOP-echo", "our EOP comes back before the MCF", "
        calls ss
        @4800-caller
        < page v27/4800 0; < MPS; > MCF; < page v27/4800 1; < EOP; > EOP'; > MCF; < DCN; < end sent 2"),
    ("Tx-PPS-echo", "our PPS come back before the MCF", "
        calls ss
        < CNG; > ced; > DIS 00 50 1F 20; < DCS; < tcf v27/4800; > CFR
        < block v27/4800 0-129; < PPS mps 0/0; > PPS mps 0/0 130; > MCF
        < block v27/4800 0-129; < PPS eop 1/0; > PPS eop 1/0 130; > MCF; < DCN; < end sent 2"),
    ("Invalid-signalling-rate", "a DCS with a rate that there is not: DCN", "
        answers
        @called; > DCS' 00 49 1F 00; < DCN; < end incompatible 0"),
    ("No-caller-response", "six DIS, then DCN", "
        answers
        @called; < DIS in t4; < DIS in t4; < DIS in t4; < DIS in t4; < DIS in t4; < DCN; < end no-fax-heard 0"),
    ("No-answerer-response", "nobody but CNG is heard: T0", "
        calls ss
        < CNG; quiet 55000; < end no-fax-heard 0"),
    ("T1-after-EOM", "after EOM the caller says no more: six DIS, then DCN", "
        answers
        @4800-called
        > page v27/4800 white; > EOM; < MCF
        < DIS in 5000..7000; < DIS in t4; < DIS in t4; < DIS in t4; < DIS in t4; < DIS in t4; < DCN; < end no-response 1"),
    ("T1-after-EOMx", "after EOM is confirmed no DIS comes: T1", "
        calls fs
        @4800-caller-eom
        < page v27/4800 0; < EOM; > MCF; < DCN in 30000..40000; < end no-response 1"),
];
