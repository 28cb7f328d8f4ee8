//! A message without the fields that each server puts in front of it: two deliveries of one message are equal without them.
// RFC 5321 §4.4

/// Fields that differ each time the same message is handed in.
const TRACE: [&str; 6] =
    ["received", "return-path", "delivered-to", "x-original-to", "authentication-results", "received-spf"];

/// The pieces of `raw` without its trace fields, in order.
pub fn without_trace(raw: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = raw;
    let mut in_head = true;
    let mut dropping = false;
    std::iter::from_fn(move || {
        while in_head && !rest.is_empty() {
            let end = rest.iter().position(|&octet| octet == b'\n').map_or(rest.len(), |at| at + 1);
            let (line, behind) = rest.split_at(end);
            if line == b"\r\n" || line == b"\n" {
                in_head = false;
                break;
            }
            // RFC 5322 §2.2.3: a line that begins with white space belongs to the field before it.
            if !matches!(line.first(), Some(b' ' | b'\t')) {
                dropping = is_trace(line);
            }
            rest = behind;
            if !dropping {
                return Some(line);
            }
        }
        let body = std::mem::take(&mut rest);
        (!body.is_empty()).then_some(body)
    })
}

fn is_trace(line: &[u8]) -> bool {
    let name = line.split(|&octet| octet == b':').next().unwrap_or_default();
    let name = name.trim_ascii_end();
    TRACE.iter().any(|trace| name.eq_ignore_ascii_case(trace.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::without_trace;

    fn of(text: &str) -> String {
        without_trace(text.as_bytes()).map(|piece| String::from_utf8_lossy(piece).into_owned()).collect()
    }

    #[test]
    fn trace_fields_go_with_their_folded_lines_and_the_body_stays() {
        let mail = "Received: from a\r\n by b\r\nFrom: x@y\r\nRECEIVED: c\r\nSubject: s\r\n t\r\n\r\nReceived: not a field\r\n";
        assert_eq!(of(mail), "From: x@y\r\nSubject: s\r\n t\r\n\r\nReceived: not a field\r\n");
    }

    #[test]
    fn a_message_without_head_or_body_is_left_as_it_is() {
        assert_eq!(of("\r\nbody"), "\r\nbody");
        assert_eq!(of("From: a"), "From: a");
        assert_eq!(of(""), "");
    }
}
