//! Sending: MTGN (what every caller does), OTGC and OTEN (its options), MTGX (what it does when things go wrong).

use super::Script;

pub(super) const SCRIPTS: &[Script] = &[
    ("MTGN01", "two pages; CNG, TSI", "
        calls ss
        @4800-caller
        < page v27/4800 0; < MPS; > MCF; < page v27/4800 1; < EOP; > MCF; < DCN in 55..95; < end sent 2"),
    ("MTGN02", "a fine page for a machine that has only standard resolution", "
        calls f
        @4800-caller
        < page v27/4800 0; < EOP; > MCF; < DCN; < end sent 1"),
    ("MTGN03", "MMR may be wanted, MH it has to be", "
        calls s
        @4800-caller
        < page v27/4800 0; < EOP; > MCF; < DCN; < end sent 1"),
    ("MTGN04", "a DIS of a machine that records up to B4", "
        calls s
        < CNG; > ced; > DIS 00 50 20; < DCS 00 50 20; < tcf v27/4800; > CFR
        < page v27/4800 0; < EOP; > MCF; < DCN; < end sent 1"),
    ("MTGN05", "a DIS with 20 ms for a row at fine resolution halved", "
        calls s
        < CNG; > ced; > DIS 00 50 02; < DCS; < tcf v27/4800; > CFR
        < page v27/4800 0; < EOP; > MCF; < DCN; < end sent 1"),
    ("MTGN06", "error correction is wanted, and the far end has none", "
        calls s
        @4800-caller
        < page v27/4800 0; < EOP; > MCF; < DCN; < end sent 1"),
    ("MTGN07", "a machine that can neither receive nor send: DCN", "
        calls s
        < CNG; > ced; > DIS 00 00 00; < DCN; < end incompatible 0"),
    ("MTGN08", "two pages", "
        calls ss
        @4800-caller
        < page v27/4800 0; < MPS; > MCF; < page v27/4800 1; < EOP; > MCF; < DCN; < end sent 2"),
    ("MTGN09", "DIS in answer to DCS: the DCS again", "
        calls s
        < CNG; > ced; > DIS 00 50 00; < DCS 00 50 00; < tcf v27/4800
        > DIS 00 50 00; < DCS 00 50 00; < tcf v27/4800; > CFR
        < page v27/4800 0; < EOP; > MCF; < DCN; < end sent 1"),
    ("MTGN10", "two DIS with wrong check sequences", "
        calls s
        < CNG; > ced; > bad DIS 00 50 00; wait 3500; > bad DIS 00 50 00; wait 3500
        > DIS 00 50 00; < DCS 00 50 00; < tcf v27/4800; > CFR
        < page v27/4800 0; < EOP; > MCF; < DCN; < end sent 1"),
    ("MTGN11", "no answer to two DCS: the same command again after T4", "
        calls s
        < CNG; > ced; > DIS 00 72 20; < DCS; < tcf v29/9600
        < DCS in t4; < tcf v29/9600; < DCS in t4; < tcf v29/9600; > CFR
        < page v29/9600 0; < EOP; > MCF; < DCN; < end sent 1"),
    ("MTGN12", "two CFR with wrong check sequences", "
        calls s
        < CNG; > ced; > DIS 00 72 20; < DCS; < tcf v29/9600
        > bad CFR; < DCS; < tcf v29/9600; > bad CFR; < DCS; < tcf v29/9600; > CFR
        < page v29/9600 0; < EOP; > MCF; < DCN; < end sent 1"),
    ("MTGN13", "CRP asks for DCS and TCF again", "
        calls s
        < CNG; > ced; > DIS 00 72 20; < DCS; < tcf v29/9600
        > CRP; < DCS; < tcf v29/9600; > CFR
        < page v29/9600 0; < EOP; > MCF; < DCN; < end sent 1"),
    ("MTGN14", "EOM without an answer: again, and then a new phase B", "
        calls s+s
        @4800-caller
        < page v27/4800 0; < EOM; < EOM in t4; > MCF
        > DIS 00 50 00; < DCS 00 50 00; < tcf v27/4800; > CFR
        < page v27/4800 1; < EOP; > MCF; < DCN; < end sent 2"),
    ("MTGN15", "two MCF to EOM with wrong check sequences; DIS after 5 s", "
        calls s+s
        @4800-caller
        < page v27/4800 0; < EOM; > bad MCF; < EOM; > bad MCF; < EOM; > MCF
        wait 5000; > DIS 00 50 00; < DCS 00 50 00; < tcf v27/4800; > CFR
        < page v27/4800 1; < EOP; > MCF; < DCN; < end sent 2"),
    ("MTGN16", "CRP twice to EOM", "
        calls s+s
        @4800-caller
        < page v27/4800 0; < EOM; > CRP; < EOM; > CRP; < EOM; > MCF
        > DIS 00 50 00; < DCS 00 50 00; < tcf v27/4800; > CFR
        < page v27/4800 1; < EOP; > MCF; < DCN; < end sent 2"),
    ("MTGN17", "no answer to two MPS", "
        calls ss
        @4800-caller
        < page v27/4800 0; < MPS; < MPS in t4; < MPS in t4; > MCF
        < page v27/4800 1; < EOP; > MCF; < DCN; < end sent 2"),
    ("MTGN18", "two MCF to MPS with wrong check sequences", "
        calls ss
        @4800-caller
        < page v27/4800 0; < MPS; > bad MCF; < MPS; > bad MCF; < MPS; > MCF
        < page v27/4800 1; < EOP; > MCF; < DCN; < end sent 2"),
    ("MTGN19", "CRP twice to MPS", "
        calls ss
        @4800-caller
        < page v27/4800 0; < MPS; > CRP; < MPS; > CRP; < MPS; > MCF
        < page v27/4800 1; < EOP; > MCF; < DCN; < end sent 2"),
    ("MTGN20", "no answer to two EOP", "
        calls s
        @4800-caller
        < page v27/4800 0; < EOP; < EOP in t4; < EOP in t4; > MCF; < DCN; < end sent 1"),
    ("MTGN21", "two MCF to EOP with wrong check sequences", "
        calls s
        @4800-caller
        < page v27/4800 0; < EOP; > bad MCF; < EOP; > bad MCF; < EOP; > MCF; < DCN; < end sent 1"),
    ("MTGN22", "CRP twice to EOP", "
        calls s
        @4800-caller
        < page v27/4800 0; < EOP; > CRP; < EOP; > CRP; < EOP; > MCF; < DCN; < end sent 1"),
    ("MTGN23", "RTP to EOM: a new phase B", "
        calls s+s
        @4800-caller
        < page v27/4800 0; < EOM; > RTP
        wait 2000; > DIS 00 50 00; < DCS 00 50 00; < tcf v27/4800; > CFR
        < page v27/4800 1; < EOP; > MCF; < DCN; < end sent 2"),
    ("MTGN24", "RTP to MPS: trained again, a rate lower", "
        calls ss
        @4800-caller
        < page v27/4800 0; < MPS; > RTP; < DCS 00 40 00; < tcf v27/2400; > CFR
        < page v27/2400 1; < EOP; > MCF; < DCN; < end sent 2"),
    ("MTGN25", "RTP to EOP: the page was taken", "
        calls s
        @4800-caller
        < page v27/4800 0; < EOP; > RTP; < DCN; < end sent 1"),
    ("MTGN26", "RTN to EOM: a new phase B, with a DIS that offers less, and the page again", "
        calls fs
        < CNG; > ced; > DIS 00 72 20; < DCS; < tcf v29/9600; > CFR
        < page v29/9600 0; < EOM; > RTN
        wait 7000; > DIS 00 50 00; < DCS 00 50 00; < tcf v27/4800; > CFR
        < page v27/4800 0; < MPS; > MCF; < page v27/4800 1; < EOP; > MCF; < DCN; < end sent 2"),
    ("MTGN27", "RTN to MPS: trained again a rate lower, and the page again", "
        calls ss
        < CNG; > ced; > DIS 00 72 20; < DCS; < tcf v29/9600; > CFR
        < page v29/9600 0; < MPS; > RTN; < DCS; < tcf v29/7200; > CFR
        < page v29/7200 0; < MPS; > MCF; < page v29/7200 1; < EOP; > MCF; < DCN; < end sent 2"),
    ("MTGN28", "RTN to EOP: DCN, and the page is not confirmed", "
        calls s
        @4800-caller
        < page v27/4800 0; < EOP; > RTN; < DCN; < end page-rejected 0"),
    ("OTGC01", "MH for a machine that has nothing else", "
        calls ss
        @4800-caller
        < page v27/4800 0; < MPS; > MCF; < page v27/4800 1; < EOP; > MCF; < DCN; < end sent 2"),
    ("OTGC02", "unlimited length is offered", "
        calls ss
        < CNG; > ced; > DIS 00 50 10; < DCS 00 50 10; < tcf v27/4800; > CFR
        < page v27/4800 0; < MPS; > MCF; < page v27/4800 1; < EOP; > MCF; < DCN; < end sent 2"),
    ("OTGC03", "V.29", "
        calls ss
        < CNG; > ced; > DIS 00 72 20; < DCS; < tcf v29/9600; > CFR
        < page v29/9600 0; < MPS; > MCF; < page v29/9600 1; < EOP; > MCF; < DCN; < end sent 2"),
    ("OTGC04", "V.29, FTT at 9600", "
        calls ss
        < CNG; > ced; > DIS 00 72 20; < DCS; < tcf v29/9600; > FTT; < DCS; < tcf v29/7200; > CFR
        < page v29/7200 0; < MPS; > MCF; < page v29/7200 1; < EOP; > MCF; < DCN; < end sent 2"),
    ("OTGC05", "V.17 at 14400", "
        calls ss
        < CNG; > ced; > DIS 00 76 20; < DCS; < tcf v17/14400; > CFR
        < page v17/14400 0; < MPS; > MCF; < page v17/14400 1; < EOP; > MCF; < DCN; < end sent 2"),
    ("OTGC06", "V.17 with its short training before each page", "
        calls sss
        < CNG; > ced; > DIS 00 76 20; < DCS; < tcf v17/14400; > CFR
        < page v17/14400 0; < MPS; > MCF; < page v17/14400 1; < MPS; > MCF
        < page v17/14400 2; < EOP; > MCF; < DCN; < end sent 3"),
    ("OTGC07", "V.17, FTT at 14400 and 12000", "
        calls ss
        < CNG; > ced; > DIS 00 76 20; < DCS; < tcf v17/14400; > FTT; < DCS; < tcf v17/12000; > FTT
        < DCS; < tcf v17/9600; > CFR
        < page v17/9600 0; < MPS; > MCF; < page v17/9600 1; < EOP; > MCF; < DCN; < end sent 2"),
    ("OTGC08", "V.17 fails three times: V.29", "
        calls ss
        < CNG; > ced; > DIS 00 76 20; < DCS; < tcf v17/14400; > FTT; < DCS; < tcf v17/12000; > FTT
        < DCS; < tcf v17/9600; > FTT; < DCS; < tcf v29/9600; > CFR
        < page v29/9600 0; < MPS; > MCF; < page v29/9600 1; < EOP; > MCF; < DCN; < end sent 2"),
    ("OTGC09-01", "DIS: fine, two-dimensional no, 20 ms", "
        calls ff
        < CNG; > ced; > DIS 00 76 00; < DCS 00 46 00; < tcf v17/14400; > CFR
        < page v17/14400 0; < MPS; > MCF; < page v17/14400 1; < EOP; > MCF; < DCN; < end sent 2"),
    ("OTGC09-02", "DIS: two-dimensional", "
        calls ss
        < CNG; > ced; > DIS 00 75 00; < DCS 00 45 00; < tcf v17/14400; > CFR
        < page v17/14400 0; < MPS; > MCF; < page v17/14400 1; < EOP; > MCF; < DCN; < end sent 2"),
    ("OTGC09-03", "DIS: unlimited length", "
        calls ss
        < CNG; > ced; > DIS 00 74 10; < DCS 00 44 10; < tcf v17/14400; > CFR
        < page v17/14400 0; < MPS; > MCF; < page v17/14400 1; < EOP; > MCF; < DCN; < end sent 2"),
    ("OTGC09-04", "DIS: nothing but V.17", "
        calls ss
        < CNG; > ced; > DIS 00 74 00; < DCS 00 44 00; < tcf v17/14400; > CFR
        < page v17/14400 0; < MPS; > MCF; < page v17/14400 1; < EOP; > MCF; < DCN; < end sent 2"),
    ("OTGC09-05", "DIS: B4 wide and long", "
        calls ss
        < CNG; > ced; > DIS 00 74 A0; < DCS; < tcf v17/14400; > CFR
        < page v17/14400 0; < MPS; > MCF; < page v17/14400 1; < EOP; > MCF; < DCN; < end sent 2"),
    ("OTGC09-06", "DIS: A3 wide, unlimited", "
        calls ss
        < CNG; > ced; > DIS 00 74 50; < DCS; < tcf v17/14400; > CFR
        < page v17/14400 0; < MPS; > MCF; < page v17/14400 1; < EOP; > MCF; < DCN; < end sent 2"),
    ("OTGC09-07", "DIS: widths of A5 and its like", "
        calls ss
        < CNG; > ced; > DIS 00 74 51 01 C0; < DCS; < tcf v17/14400; > CFR
        < page v17/14400 0; < MPS; > MCF; < page v17/14400 1; < EOP; > MCF; < DCN; < end sent 2"),
    ("OTGC09-08", "DIS: other narrow widths", "
        calls ss
        < CNG; > ced; > DIS 00 74 51 01 A0; < DCS; < tcf v17/14400; > CFR
        < page v17/14400 0; < MPS; > MCF; < page v17/14400 1; < EOP; > MCF; < DCN; < end sent 2"),
    ("OTGC09-09", "DIS: superfine, metric", "
        calls ff
        < CNG; > ced; > DIS 00 74 01 01 01 88; < DCS; < tcf v17/14400; > CFR
        < page v17/14400 0; < MPS; > MCF; < page v17/14400 1; < EOP; > MCF; < DCN; < end sent 2"),
    ("OTGC09-10", "DIS: 300 × 300, metric", "
        calls ff
        < CNG; > ced; > DIS 00 74 00 01 01 28; < DCS; < tcf v17/14400; > CFR
        < page v17/14400 0; < MPS; > MCF; < page v17/14400 1; < EOP; > MCF; < DCN; < end sent 2"),
    ("OTGC09-11", "DIS: 300 × 300, inches", "
        calls ff
        < CNG; > ced; > DIS 00 74 00 01 01 30; < DCS; < tcf v17/14400; > CFR
        < page v17/14400 0; < MPS; > MCF; < page v17/14400 1; < EOP; > MCF; < DCN; < end sent 2"),
    ("OTGC09-12", "DIS: 400 × 400, inches", "
        calls ff
        < CNG; > ced; > DIS 00 74 00 01 01 50; < DCS; < tcf v17/14400; > CFR
        < page v17/14400 0; < MPS; > MCF; < page v17/14400 1; < EOP; > MCF; < DCN; < end sent 2"),
    ("OTGC10", "no answer, FTT, RTP and CRP in one call", "
        calls ss
        < CNG; > ced; > DIS 00 76 20; < DCS; < tcf v17/14400; < DCS in t4; < tcf v17/14400; > FTT
        < DCS; < tcf v17/12000; > CFR
        < page v17/12000 0; < MPS; > RTP; < DCS; < tcf v17/9600; > CRP; < DCS; < tcf v17/9600; > CFR
        < page v17/9600 1; < EOP; > MCF; < DCN; < end sent 2"),
    ("OTGC11", "one page", "
        calls s
        @4800-caller
        < page v27/4800 0; < EOP; > MCF; < DCN; < end sent 1"),
    ("OTEN01", "a page of two blocks and one of one", "
        calls ss frames 328,16
        < CNG; > ced; > DIS 00 50 1F 20; < DCS; < tcf v27/4800; > CFR
        < block v27/4800 0-255; < PPS null 0/0 256; > MCF; < block v27/4800 0-71; < PPS mps 0/1 72; > MCF
        < block v27/4800 0-15; < PPS eop 1/0 16; > MCF; < DCN; < end sent 2"),
    ("OTEN02", "the last frame, the first, five in the middle are wanted again; frames beyond the block count for nothing", "
        calls ss frames 328,16
        < CNG; > ced; > DIS 00 50 1F 20; < DCS; < tcf v27/4800; > CFR
        < block v27/4800 0-255; < PPS null 0/0 256; > PPR 255
        < block v27/4800 255; < PPS null 0/0 1; > MCF
        < block v27/4800 0-71; < PPS mps 0/1 72; > PPR 0,71-255
        < block v27/4800 0,71; < PPS mps 0/1 2; > MCF
        < block v27/4800 0-15; < PPS eop 1/0 16; > PPR 6-10,16-255
        < block v27/4800 6-10; < PPS eop 1/0 5; > MCF; < DCN; < end sent 2"),
    ("OTEN03", "a receiver that is not ready is asked until T5 is over", "
        calls s
        < CNG; > ced; > DIS 00 50 11 20; < DCS; < tcf v27/4800; > CFR
        < block v27/4800 0-129; < PPS eop 0/0; > RNR; while RR > RNR after 500 times 23..30
        < DCN; < end no-response 0"),
    ("OTEN04", "four PPR: CTC a rate lower; four more: EOR, and the page is not confirmed", "
        calls s
        < CNG; > ced; > DIS 00 50 1F 20; < DCS; < tcf v27/4800; > CFR
        < block v27/4800 0-129; < PPS eop 0/0; > PPR 32-255; < block v27/4800 32-129; < PPS eop 0/0; > PPR 32-255
        < block v27/4800 32-129; < PPS eop 0/0; > PPR 32-255; < block v27/4800 32-129; < PPS eop 0/0; > PPR 32-255
        < CTC 00 00; > CTR
        < block v27/2400 32-129; < PPS eop 0/0; > PPR 32-255; < block v27/2400 32-129; < PPS eop 0/0; > PPR 32-255
        < block v27/2400 32-129; < PPS eop 0/0; > PPR 32-255; < block v27/2400 32-129; < PPS eop 0/0; > PPR 32-255
        < EOR eop; > ERR; < DCN; < end page-rejected 0"),
    ("OTEN05", "four PPR, CTC, and at the lower rate it goes", "
        calls s
        < CNG; > ced; > DIS 00 50 1F 20; < DCS; < tcf v27/4800; > CFR
        < block v27/4800 0-129; < PPS eop 0/0; > PPR 32-255; < block v27/4800 32-129; < PPS eop 0/0; > PPR 32-255
        < block v27/4800 32-129; < PPS eop 0/0; > PPR 32-255; < block v27/4800 32-129; < PPS eop 0/0; > PPR 32-255
        < CTC 00 00; > CTR
        < block v27/2400 32-129; < PPS eop 0/0; > MCF; < DCN; < end sent 1"),
    ("OTEN06", "T.6", "
        calls s
        < CNG; > ced; > DIS 00 50 11 22; < DCS 00 50 1F 22; < tcf v27/4800; > CFR
        < block v27/4800 0-129; < PPS eop 0/0; > MCF; < DCN; < end sent 1"),
    ("MTGX01", "CED and DIS come 30 s after the answer", "
        calls s
        < CNG; wait 29999; > ced; > DIS 00 50 00; < DCS; < tcf v27/4800; > DCN; > hangup; < end disconnected 0"),
    ("MTGX02", "CED and DIS come after 40 s, DCN with them", "
        calls s
        < CNG; wait 40001; > ced; deaf; > DIS 00 50 00; > DCN; > hangup; < end disconnected 0"),
    ("MTGX03", "DCN in answer to TCF", "
        calls s
        < CNG; > ced; > DIS 00 72 20; < DCS; < tcf v29/9600; > DCN; > hangup; < end disconnected 0"),
    ("MTGX04", "DCN in answer to EOM", "
        calls s+s
        @4800-caller
        < page v27/4800 0; < EOM; > DCN; > hangup; < end disconnected 0"),
    ("MTGX05", "DCN in answer to MPS", "
        calls ss
        @4800-caller
        < page v27/4800 0; < MPS; > DCN'; > hangup; < end disconnected 0"),
    ("MTGX06", "DCN in answer to EOP is no confirmation", "
        calls s
        @4800-caller
        < page v27/4800 0; < EOP; > DCN'; > hangup; < end disconnected 0"),
    ("MTGX07", "no answer to three DCS: DCN", "
        calls s
        < CNG; > ced; > DIS 00 72 20; < DCS; < tcf v29/9600; < DCS in t4; < tcf v29/9600; < DCS in t4; < tcf v29/9600
        < DCN in t4; < end no-response 0"),
    ("MTGX08", "no answer to three EOM: DCN", "
        calls s+s
        @4800-caller
        < page v27/4800 0; < EOM; < EOM in t4; < EOM in t4; < DCN in t4; < end last-confirmation-lost 0"),
    ("MTGX09", "no answer to three MPS: DCN", "
        calls ss
        @4800-caller
        < page v27/4800 0; < MPS; < MPS in t4; < MPS in t4; < DCN in t4; < end no-response 0"),
    ("MTGX10", "no answer to three EOP: DCN, and nobody knows", "
        calls s
        @4800-caller
        < page v27/4800 0; < EOP; < EOP in t4; < EOP in t4; < DCN in t4; < end last-confirmation-lost 0"),
    ("MTGX11", "FTT at every rate: DCN after the lowest", "
        calls s
        < CNG; > ced; > DIS 00 72 20; < DCS; < tcf v29/9600; > FTT; < DCS; < tcf v29/7200; > FTT
        < DCS; < tcf v27/4800; > FTT; < DCS; < tcf v27/2400; > FTT; < DCN; < end training-failed 0"),
    ("MTGX12", "DIS in answer to three DCS, each with fewer modems than the first: DCN", "
        calls s
        < CNG; > ced; > DIS 00 72 20; < DCS; < tcf v29/9600; > DIS 00 50 00; < DCS; < tcf v29/9600
        > DIS 00 50 00; < DCS; < tcf v29/9600; > DIS 00 50 00; < DCN; < end no-response 0"),
    ("MTGX13", "CRP to three DCS: DCN", "
        calls s
        < CNG; > ced; > DIS 00 72 20; < DCS; < tcf v29/9600; > CRP; < DCS; < tcf v29/9600; > CRP
        < DCS; < tcf v29/9600; > CRP; < DCN; < end no-response 0"),
    ("MTGX14", "CRP to three EOM: DCN", "
        calls s+s
        @4800-caller
        < page v27/4800 0; < EOM; > CRP; < EOM; > CRP; < EOM; > CRP; < DCN; < end last-confirmation-lost 0"),
    ("MTGX15", "CRP to three MPS: DCN", "
        calls ss
        @4800-caller
        < page v27/4800 0; < MPS; > CRP; < MPS; > CRP; < MPS; > CRP; < DCN; < end no-response 0"),
    ("MTGX16", "CRP to three EOP: DCN", "
        calls s
        @4800-caller
        < page v27/4800 0; < EOP; > CRP; < EOP; > CRP; < EOP; > CRP; < DCN; < end last-confirmation-lost 0"),
    ("MTGX17", "unknown final frames in place of DIS, then DIS and soon DCN", "
        calls s
        < CNG; > ced; > raw FF C8 00; wait 3500; > raw FF C8 00; wait 3500; > DIS 00 50 00
        deaf; wait 3500; > DIS 00 50 00; > DCN; > hangup; < end disconnected 0"),
    ("MTGX18", "a foreign address and an unknown code before DIS are skipped", "
        calls s
        < CNG; > ced; > raw A2 02 B5 C9 7E 67; > raw FF C0 00
        > DIS 00 50 00; < DCS 00 50 00; < tcf v27/4800; > CFR
        < page v27/4800 0; < EOP; > MCF; < DCN; < end sent 1"),
    ("MTGX19", "a preamble without a frame before DIS", "
        calls s
        < CNG; > ced; > flags 1150; wait 6000; > DIS 00 50 00; < DCS 00 50 00; < tcf v27/4800; > CFR
        < page v27/4800 0; < EOP; > MCF; < DCN; < end sent 1"),
    ("MTGX20", "an unknown final frame in answer to the last EOP: DCN", "
        calls s
        @4800-caller
        < page v27/4800 0; < EOP; > raw FF C8 00; < DCN; < end last-confirmation-lost 0"),
    ("MTGX21", "a foreign address in answer to MPS: MPS again", "
        calls ss
        @4800-caller
        < page v27/4800 0; < MPS; > raw A2 02 B5 C9 7E 67; < MPS; > MCF
        < page v27/4800 1; < EOP; > MCF; < DCN; < end sent 2"),
    ("MTGX22", "a preamble without a frame in answer to MPS: MPS again", "
        calls ss
        @4800-caller
        < page v27/4800 0; < MPS; > flags 1150; < MPS; > MCF
        < page v27/4800 1; < EOP; > MCF; < DCN; < end sent 2"),
    ("MTGX23", "a long NSF, CSI and a DIS with bits of later Recommendations", "
        calls s
        < CNG; > ced
        > NSF B5 FF FF 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 + CSI 0C 8C 4C CC 2C AC 6C EC 1C 9C D4 04 04 04 04 04 04 04 04 04 + DIS 00 50 10 01 01 09 01 01 00
        < DCS; < tcf v27/4800; > CFR
        < page v27/4800 0; < EOP; > MCF; < DCN; < end sent 1"),
];
