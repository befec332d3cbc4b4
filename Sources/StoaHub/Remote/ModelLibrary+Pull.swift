import Foundation

extension ModelLibrary {
  /// Moves the finished files of a download to their places in the library and removes what is left of it.
  func adopt(_ folder: PullFolder, plan: PullPlan, origin: ModelOrigin) throws(HubError) -> ModelLocation {
    // The record goes first: without its model it says nothing, and a model is never seen without it.
    try saveOrigin(origin, name: plan.name)
    let files = plan.selection.files.map(\.path)
    switch plan.selection.kind {
    case .safetensors:
      try Self.move(checkpoint(folder.finished, files), to: home.models + "/" + plan.name, name: plan.name)
    case .gguf:
      // The first part goes last: a listing looks for it, so a model is never seen in pieces.
      for (index, file) in files.enumerated().reversed() {
        let from = folder.finished + "/" + file
        let to = path(ofPart: index, plan)
        // A program that was killed here has moved some parts already.
        if (try? FileStatus(entry: from)) == nil, (try? FileStatus(entry: to))?.isFile == true { continue }
        try Self.move(from, to: to, name: plan.name)
      }
    }
    folder.remove()
    guard let model = try list().first(where: { $0.name == plan.name }) else {
      throw .system(path: home.models, operation: "find the downloaded model", problem: "it is not there")
    }
    return model
  }

  /// The place of one file of a GGUF model, counted from 0.
  func path(ofPart index: Int, _ plan: PullPlan) -> String {
    let count = plan.fileCount
    let name =
      count == 1 ? plan.name + ".gguf" : SplitName.fileName(base: plan.name, index: index + 1, count: count)
    return home.models + "/" + name
  }

  /// The folder that becomes the model: the one that all its files are in.
  private func checkpoint(_ finished: String, _ files: [String]) -> String {
    guard let first = files.first, first.contains("/") else { return finished }
    return finished + "/" + parent(of: first)
  }

  /// The names of downloads that were begun and not finished.
  public func unfinishedDownloads() -> [String] {
    let entries = (try? FolderFiles.entries(of: home.models)) ?? []
    return entries.filter { $0.hasPrefix(".pull-") && $0.count > 6 }.map { String($0.dropFirst(6)) }
  }

  /// Removes what an unfinished download of this name left; false when there is none.
  public func removeUnfinishedDownload(_ name: String) throws(HubError) -> Bool {
    guard unfinishedDownloads().contains(name) else { return false }
    guard let folder = try PullFolder.open(in: home, name: name) else {
      throw .system(path: name, operation: "remove the download", problem: "another process works on it")
    }
    folder.remove()
    return true
  }
}
