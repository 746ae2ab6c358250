//! T11 and T12: two hundred steps of a tenth of a second, fifty at a time.

use crate::measured;
use crate::options::Options;
use crate::place::Place;
use crate::rounds::{Contest, Figures, wall};
use crate::verdict::Table;
use crate::{flushes, ours, output};

pub(crate) fn measure(options: &Options, table: &mut Table) -> Result<(), String> {
    let (count, most) = (options.sized(200, 20), options.sized(50, 5));
    let book = format!(
        "let items = []; for n in 0..{count} {{ items.push(`item-${{n}}`); }}\n\
         parallel(\"items\", items, #{{ max: {most} }}, |item| command(\"wait\", #{{ run: [\"sleep\", \"0.1\"] }}));"
    );
    if options.wants(&["T11"]) {
        let myself = std::env::current_exe().map_err(|error| error.to_string())?;
        let (count, most) = (count.to_string(), most.to_string());
        let floor = || {
            let place = Place::new()?;
            measured::run(place.command(&myself, &["floor", "parallel", &count, &most, "floor"]), 0).map(Figures::of)
        };
        let results = Contest::default()
            .with("threads", floor)
            .with("parallel", || ours::exec(&book, &ours::UNSEALED).map(Figures::of))
            .held(options.rounds.min(3));
        let ratio = results.ratio("parallel", "threads", wall);
        table.row("T11", "200 steps of 0.1 s, 50 at a time × bare threads with records", ratio, "×", 1.25, 1.1);
        for name in ["threads", "parallel"] {
            table.figure(&format!("200 steps of 0.1 s, 50 at a time: {name}"), results.sample(name, wall), "ms");
        }
    }
    if options.wants(&["T12"]) {
        match flushes::of(&book) {
            Ok(count) => table.counted("T12", "flushes in that run", count, "", 200.0, 60.0),
            Err(why) => output::tell(&format!("left out: T12: {why}")),
        }
    }
    Ok(())
}
