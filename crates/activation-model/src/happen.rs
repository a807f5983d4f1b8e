//! What happens in the world when something happens in it.

use crate::book::{Book, Input, Output, Said};
use crate::settings::{MEMBERS, node_of};
use crate::world::{Action, News, Operator, World};
use control_region::Letter;
use csl::om::{Answer, MessageBody};
use plex::Phase;
use vocabulary::Message;

/// The world while something happens, and the book that says what members do.
pub(crate) struct Scene<'a> {
    pub(crate) world: &'a mut World,
    pub(crate) book: &'a mut Book,
}

impl Scene<'_> {
    pub(crate) fn act(&mut self, action: Action) {
        match action {
            Action::Deliver(from, to) => self.deliver(from, to),
            Action::Agree(member) => self.agree(member),
            Action::Apply(member) => self.apply(member),
            Action::Elect(member) => self.elect(member),
            Action::Notice(member) => self.notice(member),
            Action::Kill(member) => {
                self.world.left.crashes -= 1;
                self.kill(member);
            }
            Action::Restart(member) => self.restart(member),
            Action::CutOff(member) => self.cut_off(member),
            Action::Heal => self.heal(),
            Action::Pass => {
                self.world.left.passes -= 1;
                self.pass();
            }
        }
        self.notice_at_once();
    }

    /// Whoever is not cut off finds out at once who leads and whom it reaches. That somebody acts on old news is what a
    /// cut is for.
    fn notice_at_once(&mut self) {
        for at in 0..MEMBERS {
            if self.world.cut_off != Some(at) && self.world.allows(Action::Notice(at), self.book) {
                self.notice(at);
            }
        }
    }

    /// Tells a member something and carries out what it wants.
    pub(crate) fn tell(&mut self, at: usize, input: Input) {
        let Some(member) = self.world.machines[at].member else { return };
        let log = self.world.machines[at].applied;
        let turn = self.book.step(member, self.world.clock, input, log);
        self.world.machines[at].member = Some(turn.after);
        for output in &turn.outputs {
            self.carry_out(at, output);
        }
    }

    fn carry_out(&mut self, at: usize, output: &Output) {
        match output {
            Output::Send { to, run, letter, at_once } => {
                self.note_vote(at, *run, *letter);
                let arrives = self.world.is_up(*to) && self.world.connects(at, *to);
                match (arrives, at_once) {
                    (false, _) => {}
                    // That a member is there is news to nobody else: when it arrives, does not matter.
                    (true, true) => self.tell(*to, Input::Letter { from: at, run: *run, letter: *letter }),
                    (true, false) => self.world.letters[at][*to].push((*run, *letter)),
                }
            }
            Output::Propose { proposal, change } => {
                self.world.machines[at].proposed.push((*proposal, *change));
                if self.world.machines[at].told.leader != Some(at) {
                    self.give_up_proposals(at);
                }
            }
            Output::Barrier(barrier) => {
                let index = self.world.newest(at);
                self.tell(at, Input::Barrier { barrier: *barrier, index });
            }
            Output::Replied(_) => {}
            Output::Issued(message) => self.note_message(message),
            Output::Answered(answer) => self.note_answer(answer),
            Output::Failed => self.world.seen.failed = true,
        }
    }

    fn note_vote(&mut self, at: usize, run: plex::Incarnation, letter: Said) {
        if let Letter::Vote { in_use, .. } | Letter::Canvassed { in_use, .. } = self.book.letter(letter)
            && in_use.is_empty()
            && !self.world.seen.votes.contains(&(at, run))
        {
            self.world.seen.votes.push((at, run));
            self.world.seen.votes.sort_unstable();
        }
    }

    fn note_message(&mut self, message: &Message) {
        let seen = &mut self.world.seen;
        match message.number() {
            "DFS4999I" | "DFS5000I" => seen.takeovers += 1,
            "DFS4897I" => seen.committed = true,
            "DFS4898E" => seen.backed_out = true,
            _ => {}
        }
    }

    fn note_answer(&mut self, answer: &Answer) {
        let done = answer.messages.iter().any(|message| match &message.body {
            MessageBody::Message(message) => message.number() == "DFS4897I",
            MessageBody::Line(_) => false,
        });
        self.world.operator = if done { Operator::ToldDone } else { Operator::ToldNotDone };
        self.world.seen.answers += 1;
    }

    fn deliver(&mut self, from: usize, to: usize) {
        let (run, letter) = self.world.letters[from][to].remove(0);
        self.tell(to, Input::Letter { from, run, letter });
    }

    fn agree(&mut self, leader: usize) {
        let (proposal, change) = self.world.machines[leader].proposed.remove(0);
        self.append(leader, Some(change));
        let index = self.world.log.len() as u64;
        self.world.machines[leader].agreed.push((proposal, index));
    }

    fn append(&mut self, leader: usize, change: Option<Said>) {
        let before = self.world.end_of_log();
        let entry = self.book.append(before, self.world.term, change);
        self.world.log.push(entry);
        if self.is_unasked(leader, before, entry) {
            self.world.seen.unasked = true;
        }
    }

    /// Whether an entry commits without the vote of a participant that is there, or over its work in progress. The
    /// vote of whoever proposes is no letter.
    fn is_unasked(&self, leader: usize, before: u32, after: u32) -> bool {
        let is_committed = |entry| {
            let activation = self.book.plex(entry).activation();
            activation.is_some_and(|activation| activation.phase != Phase::Preparing)
        };
        if is_committed(before) || !is_committed(after) {
            return false;
        }
        let Some(activation) = self.book.plex(after).activation() else { return false };
        let there = activation.participants.iter().filter(|(_, participant)| !participant.down);
        there.into_iter().any(|(member, participant)| {
            let at = self.book.names.place(*member);
            let voted = at == leader || self.world.seen.votes.contains(&(at, participant.incarnation));
            let busy = self.world.busy.is_some_and(|(busy, run)| {
                busy == at && self.book.names.settings(at, run).incarnation == participant.incarnation
            });
            busy || !voted
        })
    }

    fn apply(&mut self, at: usize) {
        let Some(entry) = self.world.applicable(at, self.book) else { return };
        self.world.machines[at].applied = entry;
        let (term, index) = (self.book.term(entry), self.book.index(entry));
        let change = self.book.change_of(entry);
        let Some(member) = self.world.machines[at].member else { return };
        let turn = self.book.step(member, self.world.clock, Input::Apply { term, index, change }, entry);
        self.world.machines[at].member = Some(turn.after);
        turn.outputs.iter().for_each(|output| self.carry_out(at, output));
        let replied = turn.outputs.iter().find_map(|output| match output {
            Output::Replied(reply) => Some(*reply),
            _ => None,
        });
        let own = self.world.machines[at].agreed.iter().position(|(_, agreed)| *agreed == index);
        if let Some(own) = own {
            let (proposal, _) = self.world.machines[at].agreed.remove(own);
            self.tell(at, Input::Proposed { proposal, reply: replied });
        }
    }

    fn elect(&mut self, member: usize) {
        self.world.leader = Some(member);
        self.world.term += 1;
        self.append(member, None);
    }

    fn notice(&mut self, at: usize) {
        let news = self.world.surroundings(at);
        let told = std::mem::replace(&mut self.world.machines[at].told, news.clone());
        for (other, state) in news.links.into_iter().enumerate() {
            if let Some(state) = state.filter(|state| told.links[other] != Some(*state)) {
                self.tell(at, Input::Link { other, state });
            }
        }
        if (told.term, told.leader, told.quorum) != (news.term, news.leader, news.quorum) {
            let leader = news.leader.map(node_of);
            self.tell(at, Input::Standing { term: news.term, leader, quorum: news.quorum });
        }
        if news.leader != Some(at) {
            self.give_up_proposals(at);
        }
    }

    /// Whoever does not lead is not told what became of its proposals. Some may be in the log.
    fn give_up_proposals(&mut self, at: usize) {
        let machine = &mut self.world.machines[at];
        let proposed = std::mem::take(&mut machine.proposed).into_iter().map(|(proposal, _)| proposal);
        let agreed = std::mem::take(&mut machine.agreed).into_iter().map(|(proposal, _)| proposal);
        for proposal in proposed.chain(agreed).collect::<Vec<_>>() {
            self.tell(at, Input::Proposed { proposal, reply: None });
        }
    }

    pub(crate) fn kill(&mut self, at: usize) {
        let machine = &mut self.world.machines[at];
        machine.member = None;
        machine.told = News::NONE;
        machine.proposed.clear();
        machine.agreed.clear();
        for from in 0..MEMBERS {
            self.world.letters[from][at].clear();
        }
        self.world.leader = self.world.leader.filter(|leader| *leader != at);
        if self.world.operator == Operator::Waits && at == crate::model::ENTRY_MEMBER {
            self.world.operator = Operator::CutOff;
        }
    }

    pub(crate) fn restart(&mut self, at: usize) {
        let machine = &mut self.world.machines[at];
        machine.run += 1;
        machine.member = Some(self.book.start(at, machine.run, machine.applied, self.world.clock));
        if self.world.log.is_empty() {
            self.tell(at, Input::Found);
        }
    }

    fn cut_off(&mut self, at: usize) {
        self.world.left.partitions -= 1;
        self.world.cut_off = Some(at);
        for other in 0..MEMBERS {
            self.world.letters[other][at].clear();
            self.world.letters[at][other].clear();
        }
    }

    /// A connection that lost letters is found broken, at the latest when it would carry some again.
    fn heal(&mut self) {
        if let Some(at) = self.world.cut_off
            && self.world.allows(Action::Notice(at), self.book)
        {
            self.notice(at);
        }
        self.world.cut_off = None;
    }

    pub(crate) fn pass(&mut self) {
        self.world.clock += 1;
        for at in 0..MEMBERS {
            self.tell(at, Input::Tick);
        }
    }
}
