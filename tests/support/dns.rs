//! A name server for tests: a table of records behind a UDP socket. What is not in the table does not exist.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

/// One record.
#[derive(Clone, Debug)]
pub(crate) enum Record {
    /// A.
    Address(IpAddr),
    /// SRV: priority, port, target; the weight is 1.
    Server(u16, u16, &'static str),
    /// NAPTR with flag `s`: order, service, replacement.
    Pointer(u16, &'static str, &'static str),
}

/// A name server that runs until it is dropped.
pub(crate) struct NameServer {
    /// Where it is asked.
    pub(crate) address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

// RFC 1035 §3.2.2, RFC 2782, RFC 3403 §4.1
const A: u16 = 1;
const SRV: u16 = 33;
const NAPTR: u16 = 35;

impl NameServer {
    /// Starts one with these records.
    pub(crate) async fn start(address: IpAddr, records: &[(&str, Record)]) -> Self {
        let socket = UdpSocket::bind((address, 0)).await.expect("a port");
        let address = socket.local_addr().expect("an address");
        let mut table: BTreeMap<String, Vec<Record>> = BTreeMap::new();
        for (name, record) in records {
            table.entry((*name).to_owned()).or_default().push(record.clone());
        }
        let task = tokio::spawn(async move {
            let mut buffer = [0; 512];
            while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
                if let Some(answer) = answer(&buffer[..length], &table) {
                    let _ = socket.send_to(&answer, from).await;
                }
            }
        });
        Self { address, task }
    }
}

// RFC 1035 §4.1
fn answer(query: &[u8], table: &BTreeMap<String, Vec<Record>>) -> Option<Vec<u8>> {
    let mut at = 12;
    let mut labels = Vec::new();
    loop {
        let length = usize::from(*query.get(at)?);
        at += 1;
        if length == 0 {
            break;
        }
        labels.push(String::from_utf8_lossy(query.get(at..at + length)?).to_ascii_lowercase());
        at += length;
    }
    let wanted = u16::from_be_bytes([*query.get(at)?, *query.get(at + 1)?]);
    let question = query.get(12..at + 4)?;
    let known = table.get(&labels.join("."));
    let records: Vec<Vec<u8>> =
        known.into_iter().flatten().filter(|record| kind(record) == wanted).map(written).collect();
    let mut answer = query[..2].to_vec();
    // A response, recursion available; NXDOMAIN where the name is not known at all.
    answer.extend([0x85, if known.is_some() { 0x80 } else { 0x83 }]);
    answer.extend([0, 1, 0, u8::try_from(records.len()).ok()?, 0, 0, 0, 0]);
    answer.extend(question);
    for record in records {
        answer.extend([0xC0, 12]);
        answer.extend(wanted.to_be_bytes());
        // Not to be kept, so that each question is asked.
        answer.extend([0, 1, 0, 0, 0, 0]);
        answer.extend(u16::try_from(record.len()).ok()?.to_be_bytes());
        answer.extend(record);
    }
    Some(answer)
}

fn kind(record: &Record) -> u16 {
    match record {
        Record::Address(_) => A,
        Record::Server(..) => SRV,
        Record::Pointer(..) => NAPTR,
    }
}

fn written(record: &Record) -> Vec<u8> {
    match record {
        Record::Address(IpAddr::V4(address)) => address.octets().to_vec(),
        Record::Address(IpAddr::V6(_)) => panic!("the tests' names have IPv4 addresses"),
        Record::Server(priority, port, target) => {
            let numbers = [*priority, 1, *port].map(u16::to_be_bytes).concat();
            [numbers, name(target)].concat()
        }
        Record::Pointer(order, service, replacement) => {
            let numbers = [*order, 1].map(u16::to_be_bytes).concat();
            [numbers, string("s"), string(service), string(""), name(replacement)].concat()
        }
    }
}

fn string(text: &str) -> Vec<u8> {
    let mut octets = vec![u8::try_from(text.len()).expect("short")];
    octets.extend(text.as_bytes());
    octets
}

fn name(text: &str) -> Vec<u8> {
    let mut octets: Vec<u8> = text.split('.').flat_map(string).collect();
    octets.push(0);
    octets
}
