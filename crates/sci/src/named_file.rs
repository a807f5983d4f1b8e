//! Files that somebody names: on a command line, in a configuration, in a folder of source. Each is read whole, and none
//! without an end: a device or a pipe that is named by mistake is refused, and so is a file that is far too long.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::Path,
};

/// The longest configuration or certificate file, in bytes.
pub const SETTINGS_BYTES_MAX: u64 = 1 << 20;

/// The longest source member, in bytes. With room for its name it fits into a frame.
pub const SOURCE_BYTES_MAX: u64 = 4 << 20;

/// What was named can't be what was meant.
#[derive(Debug, thiserror::Error)]
enum NotMeant {
    #[error("it is {0}, and no file")]
    NoFile(&'static str),
    #[error("it has more than {bytes_max} bytes, which is the most that is read of it: is it the right one?")]
    TooLong { bytes_max: u64 },
}

impl From<NotMeant> for io::Error {
    fn from(reason: NotMeant) -> Self {
        let kind = match reason {
            NotMeant::NoFile(_) => io::ErrorKind::InvalidInput,
            NotMeant::TooLong { .. } => io::ErrorKind::FileTooLarge,
        };
        Self::new(kind, reason)
    }
}

/// Reads a file that has no more than so many bytes. Links are followed.
pub fn read(path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    // To open a pipe may take until somebody writes to it.
    let found = fs::metadata(path)?;
    match found.is_file() {
        true => read_from(File::open(path)?, bytes_max),
        false if found.is_dir() => Err(NotMeant::NoFile("a folder").into()),
        false => Err(NotMeant::NoFile("a device, a pipe or a socket").into()),
    }
}

/// As [`read`], for text in UTF-8.
pub fn read_text(path: &Path, bytes_max: u64) -> io::Result<String> {
    String::from_utf8(read(path, bytes_max)?)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// Reads to an end that comes after no more than so many bytes: of a file, or of standard input.
pub fn read_from(input: impl Read, bytes_max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(bytes_max.saturating_add(1)).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > bytes_max {
        true => Err(NotMeant::TooLong { bytes_max }.into()),
        false => Ok(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(path: &str, bytes_max: u64) -> String {
        read(Path::new(path), bytes_max).unwrap_err().to_string()
    }

    #[test]
    fn what_is_no_file_is_refused_and_not_waited_for() {
        assert_eq!(refusal("/dev/urandom", 10), "it is a device, a pipe or a socket, and no file");
        assert_eq!(refusal("/", 10), "it is a folder, and no file");
        assert!(refusal("/nowhere", 10).contains("No such file"));
    }

    #[test]
    fn a_file_is_read_up_to_its_bound() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "0123456789").unwrap();
        assert_eq!(read_text(&path, 10).unwrap(), "0123456789");
        let long = read(&path, 9).unwrap_err();
        assert_eq!(long.kind(), io::ErrorKind::FileTooLarge);
        assert!(long.to_string().starts_with("it has more than 9 bytes"), "{long}");
        // A file of the system says that it has none, and has some.
        assert!(refusal("/proc/self/maps", 9).starts_with("it has more than 9 bytes"));
        fs::write(&path, [0xff]).unwrap();
        assert_eq!(read_text(&path, 10).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn what_never_ends_is_not_read_without_an_end() {
        let endless = read_from(io::repeat(b' '), 1 << 16).unwrap_err();
        assert_eq!(endless.kind(), io::ErrorKind::FileTooLarge);
    }
}
