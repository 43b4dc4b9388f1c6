/** Where recordings are kept: a folder (`folderRecordings` of `local`), an object store, or one's own. */
export interface RecordingSink {
  /** Makes a new file; a name that is taken gets another one. */
  create(file: RecordingFileInfo): Promise<RecordingFile>
}

/** What a recording is to be kept as. */
export interface RecordingFileInfo {
  /** Letters, digits, `-`, `_` and `.` only. */
  name: string
  contentType: 'audio/wav'
}

/** One file that is being written. */
export interface RecordingFile {
  /** Appends; settles when the bytes will survive the end of this process. */
  write(bytes: Uint8Array): Promise<void>
  /** Replaces bytes that were written. */
  patch(offset: number, bytes: Uint8Array): Promise<void>
  /** Ends the file. @returns where it is, in words of the sink that mean something to who reads the receipt */
  close(): Promise<{ where: string }>
  /** Removes what was written. */
  discard(): Promise<void>
}
