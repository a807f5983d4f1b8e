//! What befalls databases: programs that use them, operators who stop and start them and keep RECON, and take-overs.

use crate::bank;
use crate::dice::Dice;
use crate::drafts::command;
use crate::world::cluster::Cluster;
use control_region::{ControlRegion, Event, RegionId};
use dbrc::ReconChange;
use plex::PlexChange;
use std::collections::BTreeSet;
use vocabulary::MemberName;

/// The databases of the bank that programs of it use.
const DATABASES: [&str; 3] = ["CUSTDB", "ACCTDB", "BRANCH"];

/// What operators say of a database, `$` in these lines; of a member, `&`. What is named more often is said more often.
const COMMANDS: [&str; 30] = [
    "/DBR DB $",
    "/DBR DB $",
    "/DBR DB $",
    "/DBR DB $ ROUTE(&)",
    "/DBD DB $",
    "/DBD DB $ ROUTE(&)",
    "/START DB $",
    "/START DB $",
    "/START DB $ ACCESS=UP",
    "/START DB $ ACCESS=RD",
    "/START DB $ ACCESS=RO ROUTE(&)",
    "UPDATE DB NAME(*) START(ACCESS)",
    "UPDATE DB NAME(*) START(ACCESS)",
    "UPDATE DB NAME(*) STOP(ACCESS)",
    "UPDATE DB NAME($) START(ACCESS) SET(ACCTYPE(UPD))",
    "UPDATE DB NAME($) START(ACCESS) SET(ACCTYPE(EXCL))",
    "UPDATE DB NAME($) STOP(UPDATES)",
    "QUERY DB NAME(*) SHOW(ALL)",
    "INIT.DB DBD($) SHARELVL(0)",
    "INIT.DB DBD($) SHARELVL(1)",
    "INIT.DB DBD($) SHARELVL(3)",
    "CHANGE.DB DBD($) NOAUTH",
    "CHANGE.DB DBD($) AUTH READOFF",
    "CHANGE.DB DBD($) AUTH READOFF",
    "CHANGE.DB DBD($) READON",
    "DELETE.DB DBD($)",
    "CHANGE.SUBSYS SSID(&) ABNORMAL",
    "CHANGE.SUBSYS SSID(&) STARTRCV",
    "CHANGE.SUBSYS SSID(&) ENDRECOV",
    "DELETE.SUBSYS SSID(&)",
];

/// Lets programs begin and end, and operators say something about databases now and then.
pub(crate) fn act(cluster: &mut Cluster, dice: &mut Dice) {
    programs(cluster, dice);
    if cluster.limits.has_engine && dice.happens(90) {
        let members = cluster.sharers();
        let (dbd, member, at) = (dice.pick(&DATABASES), dice.pick(&members), dice.pick(&members));
        let text = dice.pick(&COMMANDS).replace('$', dbd).replace('&', member.as_str());
        cluster.ask(at, command(&text));
    }
}

/// Programs are scheduled and end.
fn programs(cluster: &mut Cluster, dice: &mut Dice) {
    let members = cluster.sharers();
    let (member, region) = (dice.pick(&members), dice.up_to(2) as u32);
    let scheduled_per_mille = if cluster.limits.has_engine { 120 } else { 60 };
    if dice.happens(scheduled_per_mille) {
        let psb = dice.pick(&bank::PSBS).parse().unwrap();
        // A region that has a program asks for no other one.
        if !is_busy(cluster, member, RegionId(region)) {
            cluster.schedule(member, region, psb);
        }
    } else if dice.happens(200) {
        cluster.tell(member, Event::RegionEnded { region: RegionId(region) });
        cluster.settle();
    }
}

fn is_busy(cluster: &Cluster, member: MemberName, region: RegionId) -> bool {
    let resources = cluster.nodes[&member].region.as_ref().map(ControlRegion::resources);
    let mut psbs = bank::PSBS.iter().map(|psb| psb.parse().unwrap());
    resources.is_some_and(|resources| psbs.any(|psb| resources.regions_of(psb).any(|busy| busy == region)))
}

/// Some databases are registered before anybody opens them.
pub(crate) fn register(cluster: &mut Cluster, dice: &mut Dice, at: MemberName) {
    for dbd in DATABASES {
        if dice.happens(700) {
            let level = dice.pick(&[0, 1, 1, 3]);
            cluster.ask(at, command(&format!("INIT.DB DBD({dbd}) SHARELVL({level})")));
        }
    }
}

/// What a member has in RECON passes to another, though nobody knows whether it is really gone: it is down, or stands still.
pub(crate) fn take_over(cluster: &mut Cluster, dice: &mut Dice) -> Option<String> {
    cluster.groups[0].leader?;
    let furthest = cluster.nodes.values().filter(|node| node.group == 0 && node.is_alive());
    let recon = furthest.max_by_key(|node| node.applied)?.region.as_ref()?.plex().recon();
    let holders: BTreeSet<MemberName> =
        recon.databases().flat_map(|(_, database)| database.held.keys().copied()).collect();
    let is_silent = |member: &MemberName| {
        let node = cluster.nodes.get(member);
        node.is_none_or(|node| !node.is_alive() || node.stalled_until > cluster.now)
    };
    let from = holders.into_iter().find(is_silent)?;
    let others: Vec<MemberName> = cluster.sharers().into_iter().filter(|member| *member != from).collect();
    let to = dice.pick(&others);
    cluster.groups[0].append(PlexChange::Recon(ReconChange::TakeOver { from, to }));
    cluster.settle();
    Some(format!("{to} takes over what {from} has in RECON"))
}
