//! Rounds: what nobody would notice unless somebody looks: sources that fell silent, the week that is over, the canary,
//! the night's work, and notices that waited to be told together; and a sign of life. One look every half minute; the wall clock decides.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::ZonedDateTime;
use tokio_util::sync::CancellationToken;

use super::life::{self, Sign};
use super::office::Office;
use super::vitals::Vitals;
use super::{DaemonError, canary, expectations, nightly, now_micros, settings, weekly};
use crate::telemetry::Pulse;

/// Between two looks; a clock that jumps is noticed by the next.
const REST: Duration = Duration::from_secs(30);

/// Goes its rounds until told to stop.
///
/// # Errors
/// When the ledger fails for another reason than a full disk.
pub async fn run(
    (office, vitals): (Arc<Office>, Arc<Vitals>),
    pulse: Pulse,
    shutdown: CancellationToken,
) -> Result<(), DaemonError> {
    let since = now_micros();
    while !shutdown.is_cancelled() {
        pulse.beat();
        let hindrances = office.hindrances.all();
        let sign = Sign { at: now_micros(), since, still: vitals.still(Instant::now()), hindrances };
        let settings = office.settings();
        tokio::task::block_in_place(|| life::give(&settings.config.state, &sign));
        match look(&office, &jiff::Timestamp::now().to_zoned_datetime(settings.config.timing.zone.clone()), &pulse)
            .await
        {
            Err(error) if error.is_disk_full() => tracing::error!(%error, "the disk is full: nothing can be told"),
            // The folder of the canary, on a drive that is gone: its source's worker tells of it.
            Err(DaemonError::Io { place, cause }) => tracing::error!(place, %cause, "the canary cannot be dropped"),
            looked => looked?,
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = office.hindrances.changed() => {}
            () = tokio::time::sleep(REST) => {}
        }
    }
    life::end(&office.settings().config.state);
    Ok(())
}

async fn look(office: &Office, now: &ZonedDateTime, pulse: &Pulse) -> Result<(), DaemonError> {
    settings::tell_template_failures(office).await?;
    office.tell_gathered().await?;
    expectations::check(office, now.timestamp().as_microsecond()).await?;
    weekly::check(office, now).await?;
    canary::check(office, now).await?;
    nightly::check(office, now, pulse).await
}
