//! Arguments in, exit code out.

fn main() -> std::process::ExitCode {
    tidewaiter::cli::main()
}
