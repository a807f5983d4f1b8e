//! Damage to what a member knows.

use super::cluster::Cluster;
use catalog::stored::CatalogKey;
use plex::stored::PlexKey;
use vocabulary::encoding::DecodeError;
use vocabulary::{MemberName, ResourceName};

impl Cluster {
    /// A member's copy of the catalog loses an instance that its header names: the active one, or the pending one.
    pub(crate) fn damage(&mut self, member: MemberName, definition: ResourceName, pending: bool) {
        let (now, node) = (self.now, self.node(member));
        let Some(region) = &mut node.region else { return };
        let record = region.plex().catalog().record(&definition);
        let stamp = record.and_then(|record| if pending { record.pending } else { record.active });
        let Some(stamp) = stamp else { return };
        let lost = PlexKey::Catalog(CatalogKey::Instance(definition, stamp));
        let lost = vocabulary::encoding::encode(&lost);
        let rest: Vec<_> =
            region.plex().records().filter(|(key, _)| *key != lost).map(Ok::<_, DecodeError>).collect();
        let plex = plex::Plex::restored(rest.into_iter());
        let effects = region.install(now, node.applied, plex.unwrap());
        self.want(member, effects);
        self.settle();
    }
}
