//! ZIP and 7z: members one by one, in the order of the archive; workbooks are ZIP too and are told apart here.
//!
//! In: an open file. Out: the tables of its members. Nothing is unpacked under a name; what a member is called is text.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};

use encoding_rs::IBM866;
use sevenz_rust2::{ArchiveReader, Password};
use zip::ZipArchive;
use zip::result::ZipError;

use super::super::ReadError;
use super::compressed::Bounded;
use super::declarations;
use super::frames::FrameWriter;
use super::walk::{self, Place};
use super::workbook::{self, Form};

/// Members that systems put beside the real ones.
fn is_litter(name: &str) -> bool {
    let last = name.rsplit(['/', '\\']).next().unwrap_or(name);
    name.starts_with("__MACOSX/") || last.starts_with('.') || last.starts_with("~$") || last == "Thumbs.db"
}

/// Reads a ZIP archive, or the workbook that it is.
///
/// # Errors
/// When it is broken, protected by a password or over a limit.
pub fn zip(file: File, place: &Place<'_>, out: &mut FrameWriter) -> Result<(), ReadError> {
    let size = file.metadata().map_err(|cause| ReadError::io(&cause))?.len();
    let again = file.try_clone().map_err(|cause| ReadError::io(&cause))?;
    let mut archive = ZipArchive::new(BufReader::with_capacity(1 << 16, file)).map_err(bad_zip)?;
    if let Some(form) = form(&archive) {
        checked(&mut archive, place)?;
        drop(archive);
        return workbook::read(again, form, place, out);
    }
    enter(archive.len() as u64, place)?;
    let mut names = Vec::new();
    for index in 0..archive.len() {
        let member = archive.by_index_raw(index).map_err(bad_zip)?;
        let name = member_name(member.name_raw());
        if member.is_dir() || member.is_symlink() || is_litter(&name) {
            continue;
        }
        if member.encrypted() {
            return Err(password(&name));
        }
        names.push((index, name));
    }
    if let Some(parts) = declarations::parts(names.iter().map(|(_, name)| name.as_str())) {
        let mut files = Vec::new();
        for (part, place_in_names) in parts {
            let Some((index, _)) = names.get(place_in_names) else { continue };
            let member = archive.by_index(*index).map_err(bad_zip)?;
            files.push((part, spooled(&mut Bounded::new(member, size, place.limits))?));
        }
        return declarations::read(files, place, out);
    }
    for (index, name) in names {
        let member = archive.by_index(index).map_err(bad_zip)?;
        let inner = inside(place, &name);
        let mut bytes = Bounded::new(member, size, place.limits);
        walk::member(&mut bytes, size, &inner, out).map_err(|error| of_member(error, &name))?;
        // The checksum stands at the end: what was not wanted is read all the same.
        std::io::copy(&mut bytes, &mut std::io::sink()).map_err(|cause| of_member(ReadError::from_io(cause), &name))?;
    }
    Ok(())
}

/// Reads a 7z archive.
///
/// # Errors
/// When it is broken, protected by a password or over a limit.
pub fn seven_zip(mut file: File, place: &Place<'_>, out: &mut FrameWriter) -> Result<(), ReadError> {
    let size = file.metadata().map_err(|cause| ReadError::io(&cause))?.len();
    file.rewind().map_err(|cause| ReadError::io(&cause))?;
    let memory = usize::try_from(place.limits.reader_memory / 2 / 1024).unwrap_or(usize::MAX);
    let mut archive =
        ArchiveReader::new_with_memory_limit(file, Password::empty(), memory).map_err(|cause| bad_7z(&cause))?;
    archive.set_thread_count(1);
    enter(archive.archive().files.len() as u64, place)?;
    let names: Vec<String> = archive.archive().files.iter().map(|entry| entry.name().to_owned()).collect();
    let parts = declarations::parts(names.iter().map(String::as_str));
    let (mut files, mut failed) = (Vec::new(), None);
    let read = archive.for_each_entries(|entry, bytes| {
        if entry.is_directory() || !entry.has_stream() || is_litter(entry.name()) {
            return Ok(true);
        }
        let mut bytes = Bounded::new(bytes, size, place.limits);
        let taken = match &parts {
            Some(parts) => {
                let part = parts.iter().find(|(_, index)| names.get(*index).is_some_and(|name| name == entry.name()));
                part.map_or(Ok(()), |(part, _)| spooled(&mut bytes).map(|file| files.push((*part, file))))
            }
            None => walk::member(&mut bytes, size, &inside(place, entry.name()), out),
        };
        taken.map_err(|error| {
            failed = Some(of_member(error, entry.name()));
            sevenz_rust2::Error::Other("stopped".into())
        })?;
        Ok(true)
    });
    match (failed, read) {
        (Some(error), _) => Err(error),
        (None, Err(cause)) => Err(bad_7z(&cause)),
        (None, Ok(())) if parts.is_some() => declarations::read(files, place, out),
        (None, Ok(())) => Ok(()),
    }
}

/// One archive deeper, within the limits.
fn enter(members: u64, place: &Place<'_>) -> Result<(), ReadError> {
    if place.depth >= place.limits.nesting {
        let message = format!("there are archives inside archives, more than {} deep", place.limits.nesting);
        return Err(ReadError::new("nested-too-deep", message).hint("unpack the inner archives"));
    }
    if members > place.limits.members {
        let message = format!("the archive has {members} members, more than the limit of {}", place.limits.members);
        return Err(ReadError::new("too-many-members", message).hint("pack them into several archives"));
    }
    Ok(())
}

fn inside<'p>(place: &Place<'p>, name: &str) -> Place<'p> {
    let member = match &place.member {
        Some(outer) => format!("{outer}/{name}"),
        None => name.to_owned(),
    };
    Place { member: Some(member), depth: place.depth + 1, encoding: place.encoding, limits: place.limits }
}

fn of_member(error: ReadError, name: &str) -> ReadError {
    if error.message.starts_with("member ") {
        return error;
    }
    ReadError { message: format!("member `{name}`: {}", error.message), ..error }
}

/// A member as a file without a name, for formats that are not read from front to back.
fn spooled(bytes: &mut impl Read) -> Result<File, ReadError> {
    let mut file = tempfile::tempfile().map_err(|cause| ReadError::io(&cause))?;
    std::io::copy(bytes, &mut file).map_err(ReadError::from_io)?;
    file.rewind().map_err(|cause| ReadError::io(&cause))?;
    Ok(file)
}

/// Names are UTF-8, or (from Windows in Russian) code page 866; APPNOTE's own code page 437 holds no Cyrillic.
fn member_name(raw: &[u8]) -> String {
    let name = match std::str::from_utf8(raw) {
        Ok(name) => name.to_owned(),
        Err(_) => IBM866.decode_without_bom_handling(raw).0.into_owned(),
    };
    name.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

/// Reads every part of a workbook to its end, where its checksum stands: the readers of workbooks stop at the last tag, and
/// would take a damaged part for another one.
fn checked<R: Read + Seek>(archive: &mut ZipArchive<R>, place: &Place<'_>) -> Result<(), ReadError> {
    let mut left = place.limits.decompressed;
    for index in 0..archive.len() {
        let mut part = match archive.by_index(index) {
            Ok(part) => part,
            // Whatever the reader of workbooks makes of it is told better there.
            Err(_) => continue,
        };
        let name = member_name(part.name_raw());
        let read = io::copy(&mut part.by_ref().take(left), &mut io::sink()).map_err(|cause| {
            ReadError::new("cut-short", format!("the workbook is damaged or not complete: {name}: {cause}"))
                .hint("open it and save it again, or save the sheets as CSV")
        })?;
        left = left.saturating_sub(read);
        if left == 0 {
            let message = format!("the workbook gives more than {} bytes", place.limits.decompressed);
            return Err(
                ReadError::new("too-much-inside", message).hint("drop it in parts, or raise `limits: decompressed`")
            );
        }
    }
    Ok(())
}

/// Which workbook format the archive is, if one: ECMA-376, MS-XLSB, OpenDocument.
fn form<R: Read + Seek>(archive: &ZipArchive<R>) -> Option<Form> {
    let has = |name: &str| archive.index_for_name(name).is_some();
    let workbook = |ending: &[u8]| {
        let mut names = archive.file_names_raw();
        has("[Content_Types].xml") && names.any(|name| name.to_ascii_lowercase().ends_with(ending))
    };
    if workbook(b"workbook.xml") {
        return Some(Form::Xlsx);
    }
    if workbook(b"workbook.bin") {
        return Some(Form::Xlsb);
    }
    (has("mimetype") && has("content.xml")).then_some(Form::Ods)
}

fn password(name: &str) -> ReadError {
    ReadError::new("password", format!("the member `{name}` is protected by a password"))
        .hint("unpack it and drop what is inside")
}

fn bad_zip(cause: ZipError) -> ReadError {
    match cause {
        ZipError::UnsupportedArchive(what) if what == ZipError::PASSWORD_REQUIRED => password(what),
        ZipError::UnsupportedArchive(_) | ZipError::CompressionMethodNotSupported(_) => {
            ReadError::new("unsupported-format", format!("the ZIP archive cannot be read: {cause}"))
                .hint("pack it again with the usual compression")
        }
        other => ReadError::new("cut-short", format!("the ZIP archive is damaged or not complete: {other}"))
            .hint("drop the whole file again"),
    }
}

fn bad_7z(cause: &sevenz_rust2::Error) -> ReadError {
    use sevenz_rust2::Error;
    match cause {
        Error::PasswordRequired | Error::MaybeBadPassword(_) => {
            ReadError::new("password", "the 7z archive is protected by a password")
                .hint("unpack it and drop what is inside")
        }
        Error::MaxMemLimited { .. } => {
            ReadError::new("too-much-inside", format!("the 7z archive needs too much memory to unpack: {cause}"))
                .hint("unpack it and drop what is inside")
        }
        Error::UnsupportedCompressionMethod(_) | Error::Unsupported(_) => {
            ReadError::new("unsupported-format", format!("the 7z archive cannot be read: {cause}"))
                .hint("pack it again with the usual compression")
        }
        _ => ReadError::new("cut-short", format!("the 7z archive is damaged or not complete: {cause}"))
            .hint("drop the whole file again"),
    }
}
