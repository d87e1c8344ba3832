//! Watch: file events and scans → sightings. The only user of `notify`.
