//! The catalog's utilities as changes of the plex.

use crate::change::{CatalogChange, PlexEvent, PlexReply, Refusal};
use crate::machine::Plex;

impl Plex {
    pub(crate) fn change_catalog(&mut self, change: CatalogChange, events: &mut Vec<PlexEvent>) -> PlexReply {
        self.refuse_during_activation()?;
        match change {
            CatalogChange::Retain { names, retention } => self.catalog.retain(&names, retention),
            CatalogChange::Purge { token, instances, past, at } => {
                let deleted = self.catalog.purge(&instances, past, at);
                if !deleted.is_empty() {
                    events.push(PlexEvent::Purged { token, deleted });
                }
            }
            CatalogChange::Reinstate { token, of, definitions } => {
                // A copy that another change overtook must not bring back what was active then.
                if of != (self.catalog.level().0, self.catalog.staging_version()) {
                    return Err(Refusal::CatalogChanged);
                }
                let definitions = definitions.into_iter();
                let repaired = definitions.filter_map(|whole| {
                    let name = whole.name();
                    self.catalog.reinstate(whole).then_some(name)
                });
                let names: Vec<_> = repaired.collect();
                if !names.is_empty() {
                    events.push(PlexEvent::Reinstated { token, names });
                }
            }
        }
        Ok(())
    }
}
