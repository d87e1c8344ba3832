//! Triage: told or held back, with a reason; who is told. Pure, `now` is an argument.
