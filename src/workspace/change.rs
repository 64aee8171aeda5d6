//! What a run would do or did, file by file, and what it refuses: plain data for the report.

use crate::render::Zone;

/// The remedy for whatever a run of the tool mends.
pub(super) const REGENERATE: &str = "run `adcp-scaffold regenerate`";

/// What happens to one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It is as it should be.
    Unchanged,
    /// It is new.
    Create,
    /// A generated file was missing.
    Restore,
    /// Nobody edited it, and what the tool emits has changed.
    Update,
    /// A generated file was edited by hand and the adopter said `--discard-edits`.
    Discard,
    /// The adopter's edits and the tool's changes were merged.
    Merge,
    /// They clash; the file holds markers.
    Conflict,
    /// The adopter's own file lies where the tool would seed one.
    KeepYours,
    /// The adopter deleted a seeded file.
    StayDeleted,
    /// It is no longer emitted and nobody edited it.
    Remove,
    /// It is no longer emitted, but the adopter edited it: it is the adopter's now.
    Release,
}

impl Action {
    /// Whether the run changes the tree or the lock for this file.
    pub fn is_change(self) -> bool {
        !matches!(
            self,
            Action::Unchanged | Action::KeepYours | Action::StayDeleted
        )
    }

    /// What the action is called in a listing.
    pub fn word(self) -> &'static str {
        match self {
            Action::Unchanged => "unchanged",
            Action::Create => "create",
            Action::Restore => "restore",
            Action::Update => "update",
            Action::Discard => "discard edits",
            Action::Merge => "merge",
            Action::Conflict => "conflict",
            Action::KeepYours => "keep yours",
            Action::StayDeleted => "stays deleted",
            Action::Remove => "remove",
            Action::Release => "release",
        }
    }

    /// Why, in words for the adopter.
    pub fn reason(self) -> &'static str {
        match self {
            Action::Unchanged => "in step",
            Action::Create => "newly emitted",
            Action::Restore => "a generated file was missing",
            Action::Update => "the emitted text has changed and you had not edited it",
            Action::Discard => "your edits of a generated file are dropped, as asked",
            Action::Merge => "your edits and the emitted text both changed, and fit together",
            Action::Conflict => {
                "your edits and the emitted text clash: resolve the markers in this file"
            }
            Action::KeepYours => {
                "a file of yours lies where one would be seeded: remove it and run again to get the tool's"
            }
            Action::StayDeleted => "you deleted it",
            Action::Remove => "no longer emitted, and you had not edited it",
            Action::Release => "no longer emitted; you had edited it, so it is yours from now on",
        }
    }
}

/// One file of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Below the seller's folder, separated by `/`.
    pub path: String,
    /// Who owns the file.
    pub zone: Zone,
    /// What happens to it.
    pub action: Action,
    /// What was on the disk, if anything.
    pub before: Option<Vec<u8>>,
    /// What is there afterwards, if anything.
    pub after: Option<Vec<u8>>,
}

impl Change {
    /// The change as a unified diff with three lines of context; `None` when no text changes.
    pub fn unified_diff(&self) -> Option<String> {
        if self.before == self.after {
            return None;
        }
        let text = |bytes: &Option<Vec<u8>>| {
            String::from_utf8_lossy(bytes.as_deref().unwrap_or_default()).into_owned()
        };
        let name = |bytes: &Option<Vec<u8>>, side| match bytes {
            Some(_) => format!("{side}/{}", self.path),
            None => "/dev/null".to_owned(),
        };
        let (before, after) = (text(&self.before), text(&self.after));
        Some(
            similar::TextDiff::from_lines(before.as_str(), after.as_str())
                .unified_diff()
                .header(&name(&self.before, "a"), &name(&self.after, "b"))
                .to_string(),
        )
    }
}

/// Something in the tree that a run refuses to write over. All are listed before anything is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file or folder.
    pub path: String,
    /// What is wrong with it.
    pub kind: ProblemKind,
}

/// What can be wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ProblemKind {
    /// A generated file does not have the recorded hash.
    EditedGenerated,
    /// A file of the adopter lies where a generated file goes.
    ForeignGenerated,
    /// A seeded file still holds the markers of a conflict, beginning at this line.
    UnresolvedMarkers(usize),
    /// A symbolic link, a folder or a device; the words follow the path.
    NotAFile(String),
    /// The disk has this name, which differs in upper and lower case only.
    CaseClash(String),
    /// The pristine render of an edited file is missing or does not have the recorded hash.
    BaseDamaged,
    /// Nobody may write to the folder.
    ReadOnlyFolder,
    /// An earlier run was interrupted and waits to be finished.
    Interrupted,
    /// The file changed while the run was under way, and was left as it is.
    ChangedMeanwhile,
    /// A newer version of this tool wrote the tree.
    NewerTool {
        /// The version in the lock.
        lock: String,
        /// The version of this tool.
        here: String,
    },
    /// The tree was made from newer schemas of its AdCP line.
    NewerSpec {
        /// The version in the lock.
        lock: String,
        /// The version at hand.
        here: String,
    },
}

impl ProblemKind {
    /// What is wrong, to follow the path.
    pub fn cause(&self) -> String {
        match self {
            ProblemKind::EditedGenerated => "was edited by hand, but is generated".to_owned(),
            ProblemKind::ForeignGenerated => {
                "is not from this tool, but lies where a generated file goes".to_owned()
            }
            ProblemKind::UnresolvedMarkers(line) => {
                format!("holds an unresolved conflict at line {line}")
            }
            ProblemKind::NotAFile(words) => words.clone(),
            ProblemKind::CaseClash(other) => {
                format!("differs from `{other}` in upper and lower case only")
            }
            ProblemKind::BaseDamaged => {
                "cannot be merged because its copy below `.adcp/base` is missing or changed"
                    .to_owned()
            }
            ProblemKind::ReadOnlyFolder => "is a read-only folder".to_owned(),
            ProblemKind::Interrupted => "was left by an interrupted run".to_owned(),
            ProblemKind::ChangedMeanwhile => {
                "changed during the run and was left as it is".to_owned()
            }
            ProblemKind::NewerTool { lock, here } => {
                format!("is from adcp-scaffold {lock}, this is {here}")
            }
            ProblemKind::NewerSpec { lock, here } => {
                format!("is for AdCP {lock}, here is {here}")
            }
        }
    }

    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            ProblemKind::EditedGenerated => {
                "move the edit to a file of yours, or drop it with `adcp-scaffold regenerate --discard-edits`"
            }
            ProblemKind::ForeignGenerated => {
                "move it elsewhere, or overwrite it with `adcp-scaffold regenerate --discard-edits`"
            }
            ProblemKind::UnresolvedMarkers(_) => {
                "choose between the two texts and remove the marker lines"
            }
            ProblemKind::NotAFile(_) => "put a regular file in its place or delete it",
            ProblemKind::CaseClash(_) => "rename or remove the other one",
            ProblemKind::BaseDamaged => "restore `.adcp` from version control",
            ProblemKind::ReadOnlyFolder => "make it writable",
            ProblemKind::Interrupted => "run `adcp-scaffold regenerate` to finish it",
            ProblemKind::ChangedMeanwhile => "run `adcp-scaffold regenerate` again",
            ProblemKind::NewerTool { .. } => "update adcp-scaffold",
            ProblemKind::NewerSpec { .. } => {
                "add that bundle with `adcp-scaffold spec add`, or update adcp-scaffold"
            }
        }
    }
}

/// What a run found and did.
#[derive(Debug, Default)]
pub struct Outcome {
    /// One entry per file that is or was emitted, sorted by path.
    pub changes: Vec<Change>,
    /// What stopped the run, or, for [`ProblemKind::ChangedMeanwhile`], what it left out.
    pub problems: Vec<Problem>,
    /// What else is brought up to date, in the tool's own folder: the lock, the stored bases.
    pub upkeep: Vec<Drift>,
    /// Whether the tree now is as the changes say.
    pub written: bool,
}

impl Outcome {
    /// A run that came to nothing.
    pub(super) fn stopped(problems: Vec<Problem>) -> Self {
        Outcome {
            problems,
            ..Outcome::default()
        }
    }

    /// Whether the problems keep the run from writing anything.
    pub fn is_refused(&self) -> bool {
        !self.written && !self.problems.is_empty()
    }

    /// Whether there was nothing to do.
    pub fn is_in_step(&self) -> bool {
        !self.has_findings()
            && self.upkeep.is_empty()
            && !self.changes.iter().any(|change| change.action.is_change())
    }

    /// Whether the adopter has something to do: exit code 1.
    pub fn has_findings(&self) -> bool {
        !self.problems.is_empty()
            || self
                .changes
                .iter()
                .any(|change| change.action == Action::Conflict)
    }
}

/// One reason why a tree is not what the tool would write.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Drift {
    /// The file.
    pub path: String,
    /// Why it is out of step, to follow the path.
    pub cause: String,
    /// What to do about it.
    pub remedy: String,
}

impl From<Problem> for Drift {
    fn from(problem: Problem) -> Self {
        Drift {
            cause: problem.kind.cause(),
            remedy: problem.kind.remedy().to_owned(),
            path: problem.path,
        }
    }
}
