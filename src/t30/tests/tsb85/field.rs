//! Calls of the field that went wrong elsewhere: thirteen that a tester of others knows by name, and more.

use super::Script;

/// Ours.
pub(super) const MORE: &[Script] = &[
    (
        "silence-after-last-page",
        "after MCF nothing comes, not even DCN: the fax is there",
        "
        answers
        @4800-called
        > page v27/4800 white; > EOP; < MCF; < end sent 1",
    ),
    (
        "silence-instead-of-page",
        "after CFR nothing comes: the call ends by itself",
        "
        answers
        @4800-called; < DCN; < end no-response 0",
    ),
    (
        "no-page-is-no-fax",
        "DCN after CFR is a call without a page, whoever hangs up",
        "
        answers
        @4800-called; @bye; < end disconnected 0",
    ),
    (
        "hang-up-for-MCF",
        "a machine that hangs up on EOP has perhaps the page",
        "
        calls s
        @4800-caller
        < page v27/4800 0; < EOP; > hangup; < end last-confirmation-lost 0",
    ),
    (
        "hang-up-for-MCF-before-the-end",
        "a machine that hangs up on MPS has not the fax",
        "
        calls ss
        @4800-caller
        < page v27/4800 0; < MPS; > hangup; < end disconnected 0",
    ),
    (
        "MCF-lost-twice",
        "EOP again is confirmed again, and counted once",
        "
        answers
        @4800-called
        > page v27/4800 white; > EOP; < MCF; wait 3000; > EOP; < MCF; wait 3000; > EOP; < MCF
        @bye; < end sent 1",
    ),
    (
        "MCF-lost-in-frames",
        "the same with error correction",
        "
        answers
        @ecm64-called
        > block v27/4800 64 p0 b0 0-30; > PPS eop 0/0 31; < MCF; wait 3000; > PPS eop 0/0 31; < MCF
        wait 3000; > PPS eop 0/0 31; < MCF
        @bye; < end sent 1",
    ),
    (
        "carrier-lost-for-good",
        "half a page and a long silence before MPS is no page",
        "
        answers
        @4800-called
        > page v27/4800 cut; wait 6500; > MPS; < RTN
        > DCS 00 50 00; > tcf v27/4800 900; < CFR
        > page v27/4800 white; > EOP; < MCF
        @bye; < end sent 1",
    ),
    (
        "carrier-lost-for-a-moment",
        "a page in two pieces is at best taken with RTP",
        "
        answers
        @4800-called
        > page v27/4800 cut; > page v27/4800 cut; > MPS; < RTP
        > DCS 00 50 00; > tcf v27/4800 900; < CFR
        > page v27/4800 white; > EOP; < MCF
        @bye; < end sent 2",
    ),
    (
        "MPS-without-page",
        "after CFR no page was heard: MPS is not confirmed",
        "
        answers
        @4800-called; wait 9000; > MPS; < RTN
        > DCS 00 50 00; > tcf v27/4800 900; < CFR
        > page v27/4800 white; > EOP; < MCF
        @bye; < end sent 1",
    ),
    (
        "EOM-without-page",
        "RTN to EOM too is followed by a DIS, and a DCS may come before it",
        "
        answers
        @4800-called; wait 9000; > EOM; < RTN; < DIS in 5000..7000
        @4800
        > page v27/4800 white; > EOM; < MCF
        > DCS 00 50 00; > tcf v27/4800 900; < CFR
        > page v27/4800 white; > EOP; < MCF
        @bye; < end sent 2",
    ),
    (
        "V17-after-FTT",
        "each new TCF has the long training, the page the short one",
        "
        calls s
        < CNG; > ced; > DIS 00 76 20; < DCS; < tcf v17/14400; > FTT; < DCS; < tcf v17/12000; > CFR
        < page v17/12000 0; < EOP; > MCF; < DCN; < end sent 1",
    ),
    (
        "PPR-for-frames-that-are-not",
        "a PPR that wants nothing of ours: all that was sent goes again",
        "
        calls s
        < CNG; > ced; > DIS 00 50 1F 20; < DCS; < tcf v27/4800; > CFR
        < block v27/4800 0-129; < PPS eop 0/0; > PPR 130-255
        < block v27/4800 0-129; < PPS eop 0/0; > MCF; < DCN; < end sent 1",
    ),
    (
        "PPS-with-too-many-frames",
        "a PPS that counts more frames than came: PPR for them",
        "
        answers
        @ecm64-called
        > block v27/4800 64 p0 b0 0-16; > PPS eop 0/0 20; < PPR 17-255
        > block v27/4800 64 p0 b0 17-19; > PPS eop 0/0 3; < MCF
        @bye; < end sent 1",
    ),
    (
        "frames-out-of-order",
        "frames of a block in any order, some twice",
        "
        answers
        @ecm64-called
        > block v27/4800 64 p0 b0 9-16,0-12; > PPS eop 0/0 17; < MCF
        @bye; < end sent 1",
    ),
    (
        "frames-of-the-other-size",
        "256 octets in a frame where 64 were agreed",
        "
        answers
        @ecm64-called
        > block v27/4800 256 p0 b0 0-16; > PPS eop 0/0 17; < MCF
        @bye; < end sent 1",
    ),
    (
        "RTN-at-every-rate",
        "a page that is refused three times is given up",
        "
        calls ss
        < CNG; > ced; > DIS 00 72 20; < DCS; < tcf v29/9600; > CFR; < page v29/9600 0; < MPS; > RTN
        < DCS; < tcf v29/7200; > CFR; < page v29/7200 0; < MPS; > RTN
        < DCS; < tcf v27/4800; > CFR; < page v27/4800 0; < MPS; > RTN; < DCN; < end page-rejected 0",
    ),
    (
        "PPR-never-read",
        "answers to the last block that cannot be read are no likely confirmation",
        "
        calls s over-t38
        < CNG; > ced; > DIS 00 50 11 20; < DCS; < tcf v27/4800; > CFR; < block v27/4800 0-129; < PPS eop 0/0; > bad PPR 32-255
        < PPS eop 0/0; > bad PPR 32-255; < PPS eop 0/0; > bad PPR 32-255; < CRP; > bad PPR 32-255
        < DCN; < end no-response 0",
    ),
    (
        "PPR-never-read-over-audio",
        "an answer that is too long for a confirmation and cannot be read: the end of the block again, as the far end is there",
        "
        calls s over-audio
        < CNG; > ced; > DIS 00 50 11 20; < DCS; < tcf v27/4800; > CFR; < block v27/4800 0-129; < PPS eop 0/0; > bad PPR 32-255
        < PPS eop 0/0; > bad PPR 32-255; < PPS eop 0/0; > bad PPR 32-255; < PPS eop 0/0; > bad PPR 32-255
        < PPS eop 0/0; > bad PPR 32-255; < PPS eop 0/0; > bad PPR 32-255; < DCN; < end no-response 0",
    ),
    (
        "RNR-for-a-while",
        "a receiver that is ready again within T5",
        "
        calls s
        < CNG; > ced; > DIS 00 50 11 20; < DCS; < tcf v27/4800; > CFR
        < block v27/4800 0-129; < PPS eop 0/0; > RNR; < RR; > RNR; < RR; > MCF; < DCN; < end sent 1",
    ),
    (
        "DIS-in-place-of-MCF",
        "a receiver that began anew gets the page again",
        "
        calls s
        @4800-caller
        < page v27/4800 0; < EOP; > DIS 00 50 00; < DCS; < tcf v27/4800; > CFR
        < page v27/4800 0; < EOP; > MCF; < DCN; < end sent 1",
    ),
    (
        "operator-wanted-by-the-sender",
        "PRI-MPS and PRI-EOP are confirmed as MPS and EOP are",
        "
        answers
        @4800-called
        > page v27/4800 white; > PRI-MPS; < MCF; > page v27/4800 white; > PRI-EOP; < MCF
        @bye; < end sent 2",
    ),
    (
        "operator-wanted-by-the-receiver",
        "PIP: the page was taken; PIN: it was not, and goes again",
        "
        calls sss
        @4800-caller
        < page v27/4800 0; < MPS; > PIP; < DCS; < tcf v27/2400; > CFR
        < page v27/2400 1; < MPS; > PIN; < DCS; < tcf v27/2400; > CFR
        < page v27/2400 1; < MPS; > MCF; < page v27/2400 2; < EOP; > PIP; < DCN; < end sent 3",
    ),
    (
        "CRP-instead-of-giving-up",
        "the answer to the third MPS too cannot be read: it is asked for again; where CRP is not known, T4 is the end",
        "
        calls ss over-t38
        @4800-caller
        < page v27/4800 0; < MPS; > bad MCF; < MPS; > bad MCF; < MPS; > bad MCF; < CRP; > MCF
        < page v27/4800 1; < EOP; > bad MCF; < EOP; > bad MCF; < EOP; > bad MCF; < CRP
        < DCN in t4; < end last-confirmation-lost 1",
    ),
    (
        "more-tries-over-bad-audio",
        "answers come that cannot be read: the command goes on being repeated, five times in all where the far end falls silent after that",
        "
        calls ss over-audio
        @4800-caller
        < page v27/4800 0; < MPS; > bad MCF; < MPS; > bad MCF; < MPS; > bad MCF; < MPS; > bad MCF; < MPS; > bad MCF; < MPS; > MCF
        < page v27/4800 1; < EOP; > bad MCF; < EOP; < EOP in t4; < EOP in t4; < EOP in t4; < DCN in t4; < end last-confirmation-lost 1",
    ),
    (
        "confirmation-asked-for-over-audio",
        "the confirmation of the last page cannot be read: it is asked for, for there are machines that do not know the page any more",
        "
        calls s over-audio
        < CNG; > ced; > DIS 00 50 11 20; < DCS; < tcf v27/4800; > CFR; < block v27/4800 0-129; < PPS eop 0/0; > bad MCF
        < CRP; > bad MCF; < CRP; > MCF; < DCN; < end sent 1",
    ),
    (
        "PPS-again-over-audio",
        "the confirmation of another page cannot be read: its end is said again, for there are machines that hang up at the third CRP of a call",
        "
        calls ss over-audio
        < CNG; > ced; > DIS 00 50 11 20; < DCS; < tcf v27/4800; > CFR; < block v27/4800 0-129; < PPS mps 0/0; > bad MCF
        < PPS mps 0/0; > MCF; < block v27/4800 0-129; < PPS eop 1/0; > MCF; < DCN; < end sent 2",
    ),
    (
        "SUB-lost",
        "a DCS says that SUB came with it, and it did not: the whole command is asked for again",
        "
        answers sub
        < CED; < DIS +49
        > DCS 00 50 01 01 01 01 80; > tcf v27/4800 900; < CRP
        > SUB 8C 4C CC 2C + DCS 00 50 01 01 01 01 80; > tcf v27/4800 900; < CFR
        > page v27/4800 white; > EOP; < MCF
        @bye; < end sent 1",
    ),
    (
        "SUB-only-claimed",
        "a machine that says so and never sends one is asked once",
        "
        answers sub
        < CED; < DIS +49
        > DCS 00 50 01 01 01 01 80; > tcf v27/4800 900; < CRP
        > DCS 00 50 01 01 01 01 80; > tcf v27/4800 900; < CFR
        > DCS 00 50 01 01 01 01 80; > tcf v27/4800 900; < CFR
        > page v27/4800 white; > EOP; < MCF
        @bye; < end sent 1",
    ),
    (
        "SUB-taken-no-longer",
        "a DIS that takes no SUB after one that did: the DCS says that none came with it",
        "
        calls s to 4711
        < CNG; > ced; > DIS 00 50 01 01 01 01 80; < SUB + DCS +49; < tcf v27/4800
        > DIS 00 50 00; < DCS -49; < tcf v27/4800; > CFR; < page v27/4800 0; < EOP; > MCF; < DCN; < end sent 1",
    ),
    (
        "answers-without-X-or-with",
        "an X bit that is wrong does not matter",
        "
        calls ss
        < CNG; > ced; > DIS 00 50 00; < DCS; < tcf v27/4800; > CFR'
        < page v27/4800 0; < MPS; > MCF'; < page v27/4800 1; < EOP; > MCF'; < DCN; < end sent 2",
    ),
];

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
        answers nsf
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
        calls s+s
        @4800-caller
        < page v27/4800 0; < EOM; > MCF; < DCN in 30000..40000; < end no-response 1"),
];
