//! What operators can ask, a file for each command: who carries it out, and what it does there.

mod away;
mod delete_member;
mod display_modify;
mod export_defn;
mod import_defn;
mod list;
mod named;
mod query_audit;
mod query_catalog;
mod query_db;
mod query_ims;
mod query_imsplex;
mod query_master;
mod query_member;
mod query_olc;
mod query_pgm;
mod recon;
mod update_catalog;
mod update_db;
mod update_ims;
mod update_pgm;

pub use recon::recon_change;

use crate::om::ReplyTo;
use crate::region::ControlRegion;
use crate::utility::Utility;
use csl::envelope::{DdlOptions, OperatorRequest, User};
use csl::om::grammar::{COMMANDS, roles};
use csl::om::view::{CatalogAction, CommandView, UpdateResource};
use csl::om::{Answer, Command, OperatorRole, ReasonCode, Resource, ReturnCode, Route, Verb};
use plex::{CommandToken, MemberState};
pub(crate) use query_catalog::{is_named, unknown_names};
use vocabulary::{MemberName, ResourceKind};

/// How long /DISPLAY MODIFY waits for members that do not answer, where it does not say WAIT itself.
const DISPLAY_WAIT_MS: u64 = 5_000;

/// How a command is carried out.
#[derive(Debug)]
pub(crate) struct Plan {
    /// How long its operator waits, where the command says so.
    pub(crate) wait_ms: Option<u64>,
    /// By whom.
    pub(crate) way: Way,
}

/// Who carries a command out.
#[derive(Debug)]
pub(crate) enum Way {
    /// Each of these for itself.
    Everywhere {
        /// Whom it goes to.
        members: Vec<MemberName>,
        /// Whether they answer from the newest state.
        newest: bool,
    },
    /// One for all.
    ByOne {
        /// Who.
        to: MemberName,
        /// Its token, where it has one already.
        token: Option<CommandToken>,
    },
}

/// The verb and the resource type of a command.
pub(crate) fn coordinated_verb(asked: &OperatorRequest) -> Option<(Verb, Resource)> {
    match asked {
        OperatorRequest::Command { text, .. } => {
            Command::parse(text).ok().map(|command| (command.verb, command.resource))
        }
        OperatorRequest::Populate(_)
        | OperatorRequest::List(_)
        | OperatorRequest::Ddl(_)
        | OperatorRequest::Log(_) => None,
    }
}

/// The role that a request takes; nothing where it can't be understood, which it is refused for.
pub(crate) fn role_needed(asked: &OperatorRequest) -> Option<OperatorRole> {
    match asked {
        OperatorRequest::Command { text, .. } => {
            Command::parse(text).ok().map(|command| roles::needed(&command))
        }
        OperatorRequest::Populate(_) => Some(roles::POPULATE),
        OperatorRequest::Ddl(_) => Some(roles::DDL),
        // Whoever may read may read the messages.
        OperatorRequest::List(_) | OperatorRequest::Log(_) => Some(roles::LIST),
    }
}

/// Whether this looks into the audit record.
pub(crate) fn is_audit(asked: &OperatorRequest) -> bool {
    match asked {
        OperatorRequest::Command { text, .. } => {
            Command::parse(text).is_ok_and(|command| command.resource == Resource::Audit)
        }
        OperatorRequest::Populate(_)
        | OperatorRequest::List(_)
        | OperatorRequest::Ddl(_)
        | OperatorRequest::Log(_) => false,
    }
}

/// Whether this may have emptied staging though it activated nothing (OPTION(DELPENDERR)).
pub(crate) fn may_empty_staging(text: &str) -> bool {
    let view = Command::parse(text).and_then(|command| CommandView::of(&command));
    matches!(view, Ok(CommandView::ImportDefn(options)) if options.delpenderr)
}

/// The verb of a request, in full; nothing where it is no command.
pub fn verb_name(asked: &OperatorRequest) -> Option<&'static str> {
    match asked {
        OperatorRequest::Command { text, .. } => {
            let verb = Command::parse(text).ok()?.verb;
            COMMANDS.iter().find(|row| row.verb == verb).map(|row| row.name)
        }
        OperatorRequest::Populate(_) => Some("POPULATE"),
        OperatorRequest::Ddl(_) => Some("DDL"),
        OperatorRequest::List(_) => Some("LIST"),
        OperatorRequest::Log(_) => Some("LOG"),
    }
}

/// How a request is called in its answer.
pub(crate) fn text_of(asked: &OperatorRequest) -> String {
    match asked {
        OperatorRequest::Command { text, .. } => text.trim().to_string(),
        OperatorRequest::Populate(part) => format!("POPULATE {:?}", part.mode).to_uppercase(),
        OperatorRequest::Ddl(part) => ddl_text(&part.options),
        OperatorRequest::List(list) => {
            format!("LIST {:?} NAME({})", list.instances, list.name).to_uppercase()
        }
        OperatorRequest::Log(_) => "LOG".to_string(),
    }
}

fn ddl_text(options: &DdlOptions) -> String {
    let said = [
        (options.verbose, " VERBOSE"),
        (options.auto_commit, " AUTOCOMMIT"),
        (options.simulate, " SIMULATE"),
        (options.auto_activate, " AUTOACTIVATE"),
        (options.program_views, " DYNAMICPROGRAMVIEW=(CREATEYES)"),
    ];
    said.iter().filter(|(is_said, _)| *is_said).fold("DDL".to_string(), |text, (_, word)| text + word)
}

/// Who carries out what is asked, or the answer where nobody can.
pub(crate) fn plan(region: &ControlRegion, asked: &OperatorRequest) -> Result<Plan, Box<Answer>> {
    match asked {
        OperatorRequest::Command { text, wait_ms } => {
            let (command, view) = parse(region, text)?;
            let way = way_of(region, &command, &view)?;
            Ok(Plan { wait_ms: wait_ms_of(region, &command, &view, *wait_ms), way })
        }
        OperatorRequest::Populate(part) => {
            let to = master(region, &text_of(asked))?;
            Ok(Plan { wait_ms: None, way: Way::ByOne { to, token: Some(CommandToken(part.job)) } })
        }
        OperatorRequest::Ddl(part) => {
            let to = master(region, &text_of(asked))?;
            Ok(Plan { wait_ms: None, way: Way::ByOne { to, token: Some(CommandToken(part.job)) } })
        }
        OperatorRequest::List(_) => {
            Ok(Plan { wait_ms: None, way: Way::Everywhere { members: vec![region.me()], newest: true } })
        }
        OperatorRequest::Log(_) => Err(Box::new(not_for_regions(region, asked))),
    }
}

/// How long the operator of a command waits. What an activation waits for is often a member that says nothing, so that
/// whoever asks must not wait for it as well.
fn wait_ms_of(
    region: &ControlRegion,
    command: &Command,
    view: &CommandView,
    asked_ms: Option<u64>,
) -> Option<u64> {
    let rest_ms = asked_ms.unwrap_or(region.settings.command_wait_ms);
    let bounded = matches!(view, CommandView::DisplayModify(_)).then(|| rest_ms.min(DISPLAY_WAIT_MS));
    command.wait_ms.or(bounded).or(asked_ms)
}

fn parse(region: &ControlRegion, text: &str) -> Result<(Command, CommandView), Box<Answer>> {
    let refused = |error| Box::new(Answer::of_error(&error, region.now));
    let command = Command::parse(text).map_err(refused)?;
    let view = CommandView::of(&command).map_err(refused)?;
    Ok((command, view))
}

fn way_of(region: &ControlRegion, command: &Command, view: &CommandView) -> Result<Way, Box<Answer>> {
    match view {
        CommandView::ImportDefn(options) => import_defn::coordinator(region, command, options),
        CommandView::UpdateCatalog(update) if update.action == CatalogAction::CheckTimestamps => {
            Ok(Way::Everywhere { members: routed(region, &command.route), newest: true })
        }
        CommandView::DeleteCatalog(_)
        | CommandView::DeleteMember(_)
        | CommandView::UpdateCatalog(_)
        | CommandView::UpdateDirectory(_) => {
            refuse_strangers(region, command)?;
            Ok(Way::ByOne { to: master(region, &command.text)?, token: None })
        }
        CommandView::DisplayModify(_)
        | CommandView::QueryIms(_)
        | CommandView::QueryImsplex(_)
        | CommandView::QueryMember(_)
        | CommandView::QueryResource(_) => {
            Ok(Way::Everywhere { members: routed(region, &command.route), newest: true })
        }
        CommandView::Dbrc(dbrc) if !dbrc.looks() => {
            refuse_strangers(region, command)?;
            Ok(Way::ByOne { to: master(region, &command.text)?, token: None })
        }
        CommandView::Dbrc(_)
        | CommandView::ExportDefn(_)
        | CommandView::QueryAudit(_)
        | CommandView::QueryCatalog(_)
        | CommandView::QueryMaster(_)
        | CommandView::QueryOlc(_) => {
            Ok(Way::Everywhere { members: any_one(region, &command.route), newest: true })
        }
        CommandView::UpdateIms(_) | CommandView::UpdateResource(_) => {
            Ok(Way::Everywhere { members: routed(region, &command.route), newest: false })
        }
    }
}

/// A command that the master carries out goes there from any member that it is routed to, and to nobody if that is none.
fn refuse_strangers(region: &ControlRegion, command: &Command) -> Result<(), Box<Answer>> {
    let known = |member: &MemberName| *member == region.me() || region.plex.roster().contains_key(member);
    match &command.route {
        Route::Members(members) if !members.iter().any(known) => {
            let reason = "ROUTE names no member of this plex; QUERY MEMBER TYPE(IMS) shows who is";
            let (rc, rsn) = (ReturnCode::OM_ENVIRONMENT, ReasonCode::NO_MEMBER);
            Err(Box::new(Answer::refused(&command.text, region.now, rc, rsn, reason)))
        }
        _ => Ok(()),
    }
}

/// The members that a command is routed to: every active one where it does not say.
fn routed(region: &ControlRegion, route: &Route) -> Vec<MemberName> {
    match route {
        Route::All => {
            let active = region.plex.roster().iter().filter(|(_, entry)| entry.state == MemberState::Active);
            let mut members: Vec<MemberName> = active.map(|(member, _)| *member).collect();
            if !members.contains(&region.me()) {
                members.push(region.me());
            }
            members
        }
        Route::AnyOne => vec![region.me()],
        Route::Members(members) => members.clone(),
    }
}

/// Who answers what every member would answer alike: this one, where the command does not say.
fn any_one(region: &ControlRegion, route: &Route) -> Vec<MemberName> {
    match route {
        Route::All | Route::AnyOne => vec![region.me()],
        Route::Members(members) => members.clone(),
    }
}

/// The master, or the answer where there is none or no majority is in touch with it.
fn master(region: &ControlRegion, text: &str) -> Result<MemberName, Box<Answer>> {
    region.master().filter(|_| region.quorum).ok_or_else(|| Box::new(no_master(region, text)))
}

fn no_master(region: &ControlRegion, text: &str) -> Answer {
    let advice = if region.lacks_majority() {
        "start the others, or mend the network, then submit the command again"
    } else {
        "submit the command again in a moment"
    };
    let reason = format!("{}. Nothing was changed; {advice}", region.why_no_master());
    Answer::refused(text, region.now, ReturnCode::OM_ENVIRONMENT, ReasonCode::NO_MASTER, &reason)
}

/// Carries out what is asked for this member alone.
pub(crate) fn execute(region: &mut ControlRegion, asked: &OperatorRequest) -> Answer {
    let text = text_of(asked);
    let mut answer = match asked {
        OperatorRequest::List(list) => list::list(region, list),
        OperatorRequest::Command { text, .. } => match parse(region, text) {
            Ok((_, view)) => execute_view(region, text, view),
            Err(answer) => *answer,
        },
        OperatorRequest::Populate(_) | OperatorRequest::Ddl(_) => not_for_one(region, &text),
        OperatorRequest::Log(_) => not_for_regions(region, asked),
    };
    answer.command = text;
    (answer.started, answer.stopped) = (region.now, region.now);
    answer
}

fn execute_view(region: &mut ControlRegion, text: &str, view: CommandView) -> Answer {
    match view {
        CommandView::Dbrc(command) if command.looks() => recon::look(region, &command),
        CommandView::DisplayModify(_) => display_modify::display(region),
        CommandView::ExportDefn(asked) => export_defn::export(region, &asked),
        CommandView::QueryAudit(query) => query_audit::query(region, &query),
        CommandView::QueryCatalog(query) => query_catalog::query(region, &query),
        CommandView::QueryIms(query) => query_ims::query(region, query),
        CommandView::QueryImsplex(query) => query_imsplex::query(region, &query),
        CommandView::QueryMaster(query) => query_master::query(region, query),
        CommandView::QueryMember(query) => query_member::query(region, &query),
        CommandView::QueryOlc(query) => query_olc::query(region, query),
        CommandView::QueryResource(query) if query.kind == ResourceKind::Dbd => {
            query_db::query(region, &query)
        }
        CommandView::QueryResource(query) => query_pgm::query(region, &query),
        CommandView::UpdateCatalog(update) if update.action == CatalogAction::CheckTimestamps => {
            update_catalog::check(region, &update.definitions)
        }
        CommandView::UpdateIms(update) => update_ims::update(region, update),
        CommandView::UpdateResource(update) => execute_update(region, &update),
        CommandView::Dbrc(_)
        | CommandView::DeleteCatalog(_)
        | CommandView::DeleteMember(_)
        | CommandView::ImportDefn(_)
        | CommandView::UpdateCatalog(_)
        | CommandView::UpdateDirectory(_) => not_for_one(region, text),
    }
}

fn execute_update(region: &mut ControlRegion, update: &UpdateResource) -> Answer {
    match update.kind {
        ResourceKind::Dbd => update_db::update(region, update),
        ResourceKind::Psb => update_pgm::update(region, update),
    }
}

fn not_for_one(region: &ControlRegion, text: &str) -> Answer {
    let reason = "the master carries this out for all; send it to the plex and not to a member alone";
    Answer::refused(text, region.now, ReturnCode::OM_WARNING, ReasonCode::NOT_MASTER, reason)
}

/// The messages of a member are with its host, which has issued them.
fn not_for_regions(region: &ControlRegion, asked: &OperatorRequest) -> Answer {
    let reason = "the member itself keeps its messages; ask it for them directly, as `spoc log` does";
    Answer::refused(&text_of(asked), region.now, ReturnCode::OM_PARAMETER, ReasonCode::NONE, reason)
}

/// Whether an answer tells of members that are away from what the plex knows of them.
pub(crate) fn tells_of_the_away(asked: &OperatorRequest) -> bool {
    let told = |command: Command| matches!(command.resource, Resource::Imsplex | Resource::Member);
    match asked {
        OperatorRequest::Command { text, .. } => Command::parse(text).is_ok_and(told),
        _ => false,
    }
}

/// Adds to a merged answer what no member says of itself.
pub(crate) fn complete(region: &ControlRegion, asked: &OperatorRequest, answer: &mut Answer) {
    let OperatorRequest::Command { text, .. } = asked else { return };
    match parse(region, text) {
        Ok((_, CommandView::DisplayModify(display))) => display_modify::complete(region, display, answer),
        Ok((command, CommandView::QueryImsplex(query))) => {
            query_imsplex::complete(region, &command.route, &query, answer);
        }
        Ok((command, CommandView::QueryMember(query))) => {
            query_member::complete(region, &command.route, &query, answer);
        }
        _ => {}
    }
}

impl ControlRegion {
    /// Carries out, as the one who does it for all, a command that an entry member sends.
    pub(crate) fn do_for_all(&mut self, reply_to: ReplyTo, token: CommandToken, user: &User, text: &str) {
        let asked = OperatorRequest::Command { text: text.to_string(), wait_ms: None };
        if let Some(refusal) = self.refuse_unauthorized(user, &asked) {
            return self.reply(reply_to, refusal);
        }
        let refused = match parse(self, text) {
            Err(answer) => *answer,
            Ok(_) if !self.is_master() || !self.is_running() => no_master(self, text),
            Ok((_, CommandView::ImportDefn(options))) => {
                let options = import_defn::options(&options);
                return self.begin_import(token, text.to_string(), options, reply_to, None);
            }
            Ok((_, CommandView::Dbrc(command))) if !command.looks() => {
                return self.change_recon(reply_to, &command);
            }
            Ok((_, CommandView::DeleteMember(delete))) => return self.delete_member(reply_to, text, delete),
            Ok((_, CommandView::DeleteCatalog(purge))) => {
                return self.begin_utility(token, text, Utility::Purge(purge), reply_to);
            }
            Ok((_, CommandView::UpdateDirectory(what))) => {
                return self.recover_directory(token, text, what, reply_to);
            }
            Ok((_, CommandView::UpdateCatalog(update))) => match Utility::of_update(update) {
                Some(utility) => return self.begin_utility(token, text, utility, reply_to),
                None => not_for_one(self, text),
            },
            Ok(_) => not_for_one(self, text),
        };
        self.reply(reply_to, refused);
    }
}
