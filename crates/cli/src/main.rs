//! `reenact`, the one binary.

mod capture;
mod client;
mod compare;
mod config;
mod correlate;
mod debug;
mod doctor;
mod grouping;
mod here;
mod issue;
mod key;
mod leak_test;
mod listing;
mod mcp;
mod occurrences;
mod output;
mod regroup;
mod repositories;
mod reproduce;
mod rules;
mod scan;
mod serve;
mod share;
mod show;
mod versions;
mod views;
mod volume;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use mimalloc::MiMalloc;

/// The C library's allocator keeps about twice as much memory after a load.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Error tracking that keeps the values of the variables in every stack frame.
///
/// Start with `reenact serve`, point a service under ddtrace at it with
/// `DD_TRACE_AGENT_URL=http://127.0.0.1:8126`, and open http://127.0.0.1:9126.
#[derive(Parser)]
#[command(name = "reenact", version, propagate_version = true)]
struct Cli {
    /// Configuration file [default: reenact.toml in the working directory, if there is one]
    #[arg(long, global = true, value_name = "FILE", env = "REENACT_CONFIG")]
    config: Option<PathBuf>,

    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Receive errors, keep them, and serve the pages and the API
    Serve(config::Flags),
    /// List issues
    Issues(listing::IssuesArguments),
    /// Saved views of the explorer: searches under a name that everybody sees
    #[command(subcommand)]
    View(views::ViewCommand),
    /// Show where one issue stands and what happened to it, change that, merge issues or split them
    Issue(issue::IssueArguments),
    /// Rules that decide which issue an event belongs to
    #[command(subcommand)]
    Grouping(grouping::GroupingCommand),
    /// What is not kept of what arrives: limits, rules and counts
    #[command(subcommand)]
    Volume(volume::VolumeCommand),
    /// Where values are captured: switches by service and environment
    #[command(subcommand)]
    Capture(capture::CaptureCommand),
    /// Show one event: its exceptions, frames and values
    Show(show::ShowArguments),
    /// Make a test of an event that raises its exception again, and run it
    Reproduce(reproduce::ReproduceArguments),
    /// Open an event in a debugger, or at a prompt like that of pdb, as a process that stopped at the exception
    Debug(debug::DebugArguments),
    /// Take an event along: its request as a command of curl, as Markdown, or as one file that shows itself
    Share(share::ShareArguments),
    /// Serve tools for coding agents (Model Context Protocol) over the standard streams
    Mcp(mcp::McpArguments),
    /// Keys of programs: what they may see and change
    #[command(subcommand)]
    Key(key::KeyCommand),
    /// List the versions of services that were seen for the first time
    Versions(versions::VersionsArguments),
    /// List the events of an issue, with values of variables as far as they are asked for
    Events(occurrences::EventsArguments),
    /// Compare two events value by value
    Compare(compare::CompareArguments),
    /// Find which value or type sets the events of an issue apart from others
    Correlate(correlate::CorrelateArguments),
    /// Pin a variable to an issue as a column of its events, for everybody; or list what is pinned
    Pin(occurrences::PinArguments),
    /// List the repositories that services are made from, or set one up
    #[command(subcommand)]
    Repository(repositories::RepositoryCommand),
    /// Try redaction: what would change in a text, a file, or the last captures, and which rule does it
    Scan(scan::ScanArguments),
    /// Run a program with made-up secrets, and look for them in everything that is kept and answered
    LeakTest(leak_test::LeakTestArguments),
    /// Look for what keeps a set-up from working
    Doctor(doctor::DoctorArguments),
    /// Look at the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print everything in a data directory as text
    #[command(hide = true)]
    Dump(DumpArguments),
}

#[derive(Subcommand)]
enum ConfigCommand {
    /// Print the settings in force
    Show {
        /// Say where each setting comes from
        #[arg(long)]
        origin: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        flags: config::Flags,
    },
    /// Check a configuration file; exit with 2 when something is wrong
    Check {
        /// The file [default: the one in force]
        file: Option<PathBuf>,
    },
}

#[derive(Args)]
struct DumpArguments {
    /// The data directory
    #[arg(long, value_name = "DIR")]
    data_dir: PathBuf,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(code) => code,
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("reenact: {error:#}");
            ExitCode::from(if error.is::<config::ConfigError>() { 2 } else { 1 })
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let config_file = cli.config.as_deref();
    match cli.command {
        Command::Serve(flags) => serve::run(&config::load(config_file, &flags)?),
        Command::Issues(arguments) => listing::run(&arguments),
        Command::Issue(arguments) => issue::run(&arguments),
        Command::Grouping(command) => grouping::run(&command),
        Command::Volume(command) => volume::run(&command),
        Command::Capture(command) => capture::run(&command),
        Command::Show(arguments) => show::run(&arguments),
        Command::Reproduce(arguments) => reproduce::run(&arguments),
        Command::Debug(arguments) => debug::run(&arguments),
        Command::Share(arguments) => share::run(&arguments),
        Command::Mcp(arguments) => mcp::run(arguments),
        Command::Key(command) => key::run(&command),
        Command::Events(arguments) => occurrences::run_events(&arguments),
        Command::Compare(arguments) => compare::run(&arguments),
        Command::View(command) => views::run(&command),
        Command::Versions(arguments) => versions::run(&arguments),
        Command::Correlate(arguments) => correlate::run(&arguments),
        Command::Pin(arguments) => occurrences::run_pin(&arguments),
        Command::Repository(command) => repositories::run(&command),
        Command::Scan(arguments) => scan::run(&arguments),
        Command::LeakTest(arguments) => leak_test::run(config_file, &arguments),
        Command::Doctor(arguments) => doctor::run(config_file, &arguments),
        Command::Config(ConfigCommand::Show { origin, json, flags }) => {
            config::show(config_file, &flags, origin, json)
        }
        Command::Config(ConfigCommand::Check { file }) => config::check(file.as_deref().or(config_file)),
        Command::Dump(arguments) => {
            let mut out = std::io::BufWriter::new(std::io::stdout().lock());
            reenact_store::embedded::dump(&arguments.data_dir, &mut out)?;
            std::io::Write::flush(&mut out)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Whether the reader of our output went away, as `head` does.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Cli;

    #[test]
    fn the_arguments_of_every_subcommand_are_well_defined() {
        Cli::command().debug_assert();
    }
}
