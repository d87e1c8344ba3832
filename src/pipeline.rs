//! One file from container to firings.
