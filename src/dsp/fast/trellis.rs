//! V.17's coding: differential bits, and the redundant bit that a Viterbi decoder lives on.

/// Adds the first two bits of a symbol to those before, modulo 4, so that a carrier found a quarter of a turn off does no harm.
// V.17 §2, Table 1
#[must_use]
pub const fn differential(previous: u32, bits: u32) -> u32 {
    (previous + bits) & 3
}

/// The state of the convolutional encoder after a symbol with these differential bits. Three bits; from the zero state on, each state is
/// reached from four.
// V.17 §2, Figure 1
#[must_use]
pub const fn next_state(state: u32, differential: u32) -> u32 {
    let (s0, s1, s2) = (state & 1, state >> 1 & 1, state >> 2 & 1);
    let (d0, d1) = (differential & 1, differential >> 1 & 1);
    let n0 = d1 ^ (d0 & s0) ^ s1;
    let n1 = d0 ^ d1 ^ (d1 & s0) ^ (s0 & s1) ^ s2;
    s0 << 2 | n1 << 1 | n0
}

/// The redundant bit of a symbol, from the state it leads to.
#[must_use]
pub const fn redundant(next: u32) -> u32 {
    next >> 2 & 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_four_ways_in_and_four_out() {
        let mut ways = [0; 8];
        for state in 0..8 {
            let mut reached: Vec<u32> = (0..4).map(|differential| next_state(state, differential)).collect();
            reached.iter().for_each(|next| ways[*next as usize] += 1);
            reached.dedup();
            assert_eq!(reached.len(), 4);
            // The redundant bit tells nothing of the newest bits.
            assert!(reached.iter().all(|next| redundant(*next) == state & 1));
        }
        assert_eq!(ways, [4; 8]);
    }

    #[test]
    fn a_quarter_of_a_turn_leads_to_another_path_of_the_same_code() {
        // Turning every symbol clockwise adds one to the differential bits and changes the redundant bit: that too must be a path.
        let turned: Vec<(u32, Vec<u32>)> =
            (0..8).map(|state| (state, (0..4).map(|bits| next_state(state, bits)).collect())).collect();
        let mut image = [None; 8];
        let found = (0..8).any(|start| {
            image.fill(None);
            image[0] = Some(start);
            let mut open = vec![0_u32];
            while let Some(state) = open.pop() {
                let Some(other) = image[state as usize] else { return false };
                if state & 1 == other & 1 {
                    return false;
                }
                for bits in 0..4 {
                    let next = turned[state as usize].1[bits as usize];
                    let other_next = next_state(other, differential(bits, 1));
                    match image[next as usize] {
                        None => {
                            image[next as usize] = Some(other_next);
                            open.push(next);
                        }
                        Some(known) if known != other_next => return false,
                        Some(_) => {}
                    }
                }
            }
            true
        });
        assert!(found);
    }
}
