//! What the catalog notes of real definitions.

use catalog::NewInstance;
use vocabulary::{InstanceStamp, Moment};

const SOURCE: &str = "
         DBD   NAME=POSTING,ACCESS=(GSAM,BSAM)
         DATASET DD1=POSTIN,DD2=POSTOUT,RECFM=FB,RECORD=80
         DBDGEN
         DBD   NAME=BRANCH,ACCESS=(HDAM,OSAM),RMNAME=(DFSHDC40,1,10)
         DATASET DD1=BRANCHDD
         SEGM  NAME=OFFICE,PARENT=0,BYTES=40
         FIELD NAME=(OFFICENO,SEQ,U),BYTES=4,START=1
         LCHILD NAME=(CITYIX,CITYNX),PTR=INDX
         XDFLD NAME=XCITY,SRCH=(OFFICENO)
         DBDGEN
         PCB   TYPE=DB,DBDNAME=BRANCH,PROCOPT=A,KEYLEN=4,PROCSEQ=CITYNX
         SENSEG NAME=OFFICE,PARENT=0
         PCB   TYPE=GSAM,DBDNAME=POSTING,PROCOPT=GS
         PSBGEN PSBNAME=BATCHPST,LANG=COBOL
         END
";

#[test]
fn a_definition_is_kept_with_what_it_names() {
    let compilation = definitions::compile("bank", SOURCE.as_bytes());
    assert_eq!(compilation.definitions.len(), 3, "{:?}", compilation.findings);
    let stamp = InstanceStamp::at(Moment::default());
    let told: Vec<String> = compilation
        .definitions
        .iter()
        .map(|definition| {
            let new = NewInstance::of(definition, stamp);
            assert_eq!(new.content.definition().as_ref(), Ok(definition));
            let names: Vec<&str> = new.facts.references.iter().map(|dbd| dbd.as_str()).collect();
            format!("{} gsam={} names {}", new.name, new.facts.gsam, names.join(","))
        })
        .collect();
    assert_eq!(
        told,
        [
            "DBD POSTING gsam=true names ",
            "DBD BRANCH gsam=false names CITYNX",
            "PSB BATCHPST gsam=false names BRANCH,CITYNX,POSTING"
        ]
    );
}
