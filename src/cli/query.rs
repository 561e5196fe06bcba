//! `bdcd query`: one inquiry, one answer.

use std::path::PathBuf;

use super::{
    client::{self, Client},
    document,
    failure::Failure,
    json,
    open::{self, ConfigArgument},
    output::{self, print},
    table,
};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The inquiry, a JSON file; `-` reads standard input
    #[arg(value_name = "INQUIRY.json", required_unless_present = "template")]
    inquiry: Option<PathBuf>,
    /// Print a blank inquiry to fill in, and stop
    #[arg(long)]
    template: bool,
    /// How to print the answer
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// Keep the whole response in this file, which must not exist: the evidence that `bdcd verify` reads
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigArgument,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    /// For people
    Table,
    /// For programs
    Json,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    if arguments.template {
        return print(&format!("{}\n", output::pretty(&document::Document::blank())?));
    }
    let config = arguments.config.read()?;
    let inquiry = document::read(arguments.inquiry.as_deref())?.inquiry()?;
    let response = open::runtime()?.block_on(async { Client::connect(&config).await?.query(inquiry).await })?;
    if let Some(file) = &arguments.save {
        client::save(file, &response)?;
    }
    let answer = document::decode(&response.answer)?;
    match arguments.format {
        Format::Table => print(&table::of_answer(&answer)),
        Format::Json => print(&format!("{}\n", output::pretty(&json::of_answer(&answer))?)),
    }
}
