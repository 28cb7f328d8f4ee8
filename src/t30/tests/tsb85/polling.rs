//! Polling: MTGP and OTGP (fetching a document), MRGP (having one fetched), ORGP (both directions in one call).

use super::Script;

pub(super) const SCRIPTS: &[Script] = &[
    (
        "MTGP01",
        "nothing is to be had: DCN",
        "
        polls
        < CNG; > ced; > DIS 00 40 10; < DCN; < end nothing-to-poll 0",
    ),
    (
        "MTGP02",
        "NSC, CIG and DTC; two pages are fetched",
        "
        polls nsf
        < CNG; > ced; > DIS 00 80 10; < NSC B5 00 42 + CIG + DTC
        > DCS 00 00 00; > tcf v27/2400 900; < CFR
        > page v27/2400 white; > MPS; < MCF; > page v27/2400 white; > EOP; < MCF
        @bye; < end sent 2",
    ),
    (
        "OTGP03",
        "with a password",
        "
        polls nsf password +9876543210
        < CNG; > ced; > DIS 00 80 11 01 01 01 40; < NSC + CIG + PWD + DTC
        > DCS 00 00 00; > tcf v27/2400 900; < CFR
        > page v27/2400 white; > MPS; < MCF; > page v27/2400 white; > EOP; < MCF
        > DCN'; > hangup; < end sent 2",
    ),
    (
        "MRGP01",
        "two pages are handed out; the X bit is clear",
        "
        answers has ss
        < CED; < CSI + DIS +9 -50
        > DTC 00 50 10; < TSI + DCS 00 50 10; < tcf v27/4800; > CFR
        < page v27/4800 0; < MPS; > MCF; < page v27/4800 1; < EOP; > MCF; < DCN; < end sent 2",
    ),
    (
        "MRGP02",
        "the right password",
        "
        answers has ss password +9876543210
        < CED; < DIS +9 +50
        > PWD 0C 8C 4C CC 2C AC 6C EC 1C 9C D4 04 04 04 04 04 04 04 04 04 + DTC 00 50 11 01 01 01 40
        < TSI + DCS; < tcf v27/4800; > CFR
        < page v27/4800 0; < MPS; > MCF; < page v27/4800 1; < EOP; > MCF; < DCN; < end sent 2",
    ),
    (
        "MRGP03",
        "a wrong password: DCN",
        "
        answers has ss password +0123456789
        < CED; < DIS
        > PWD 0C 8C 4C CC 2C AC 6C EC 1C 9C D4 04 04 04 04 04 04 04 04 04 + DTC 00 50 11 01 01 01 40
        < DCN; < end poll-password 0",
    ),
    (
        "MRGP04",
        "no password: DCN",
        "
        answers has ss password +0123456789
        < CED; < DIS; > DTC 00 74 00; < DCN; < end poll-password 0",
    ),
    (
        "MRGP05",
        "no document: DCN",
        "
        answers
        < CED; < DIS -9; > DTC 00 74 00; < DCN; < end nothing-to-poll 0",
    ),
    (
        "MRGP06",
        "a DIS in place of the DTC is taken for one; the X bit is set",
        "
        answers has ss
        < CED; < DIS
        > DIS 00 50 00; < DCS 00 50 00; < tcf v27/4800; > CFR
        < page v27/4800 0; < MPS; > MCF; < page v27/4800 1; < EOP; > MCF; < DCN; < end sent 2",
    ),
    (
        "MRGP07",
        "a DIS in place of the DTC cannot bring the password: DCN",
        "
        answers has ss password +9876543210
        < CED; < DIS; > DIS 00 50 00; < DCN; < end poll-password 0",
    ),
    (
        "MRGP08",
        "a DIS in place of the DTC, and no document: DCN",
        "
        answers
        < CED; < DIS; > DIS 00 50 00; < DCN; < end nothing-to-poll 0",
    ),
    (
        "ORGP09",
        "a page is received, then one is fetched after the DIS",
        "
        answers has s
        @4800-called
        > page v27/4800 white; > EOM; < MCF; < DIS +9 in 5000..7000
        > DTC 00 74 00; < DCS; < tcf v17/14400; > CFR
        < page v17/14400 0; < EOP; > MCF; < DCN; < end sent 2",
    ),
    (
        "ORGP10",
        "a page is received, then one is fetched before the DIS",
        "
        answers has s
        @4800-called
        > page v27/4800 white; > EOM; < MCF; wait 2000
        > DTC 00 74 00; < DCS; < tcf v17/14400; > CFR
        < page v17/14400 0; < EOP; > MCF; < DCN; < end sent 2",
    ),
];
