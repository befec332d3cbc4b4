/// The name that a misspelt one probably means: the one with the fewest edits, if these are few for its length.
func nearest(to name: String, among names: some Sequence<String>) -> String? {
  let target = Array(name.unicodeScalars.prefix(64))
  var best: (name: String, distance: Int)?
  for candidate in names {
    let distance = editDistance(target, Array(candidate.unicodeScalars.prefix(64)))
    if distance <= max(1, min(target.count, candidate.count) / 3), distance < best?.distance ?? .max {
      best = (candidate, distance)
    }
  }
  return best?.name
}

/// Levenshtein's distance.
private func editDistance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
  var row = Array(0...right.count)
  for (index, scalar) in left.enumerated() {
    var diagonal = row[0]
    row[0] = index + 1
    for (column, other) in right.enumerated() {
      let above = row[column + 1]
      row[column + 1] = min(above + 1, row[column] + 1, diagonal + (scalar == other ? 0 : 1))
      diagonal = above
    }
  }
  return row[right.count]
}
