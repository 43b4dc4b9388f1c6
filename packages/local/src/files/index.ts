export { folderRecordings } from './folder-recordings.ts'
