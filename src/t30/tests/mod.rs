//! Caller and answerer on one simulated line.
