import StoaTensor
import Synchronization
import Testing

@Suite struct WorkerPoolTests {
  @Test("Every index is visited once", arguments: [1, 2, 3, 8], [1, 3, 100])
  func coverage(threads: Int, grain: Int) throws {
    let pool = try WorkerPool(threads: threads)
    for count in [0, 1, 2, 17, 1000] {
      let visits = Mutex([Int](repeating: 0, count: count))
      for _ in 0..<20 {
        pool.run(count: count, grain: grain) { range, worker in
          #expect(worker < threads)
          visits.withLock { visits in for index in range { visits[index] += 1 } }
        }
      }
      #expect(visits.withLock { $0.allSatisfy { $0 == 20 } })
    }
  }

  @Test("Loops of different callers do not mix")
  func severalCallers() async throws {
    let pool = try WorkerPool(threads: 3)
    await withTaskGroup(of: Bool.self) { group in
      for caller in 0..<4 {
        group.addTask {
          for round in 0..<200 {
            let sum = Atomic(0)
            pool.run(count: 50 + caller, grain: 4) { range, _ in
              sum.add(range.reduce(0, +), ordering: .relaxed)
            }
            let count = 50 + caller
            if sum.load(ordering: .relaxed) != count * (count - 1) / 2 || round < 0 { return false }
          }
          return true
        }
      }
      for await isRight in group { #expect(isRight) }
    }
  }

  @Test("An impossible number of threads is an error")
  func tooManyThreads() {
    #expect(throws: WorkerPoolError.self) { try WorkerPool(threads: 0) }
    #expect(throws: WorkerPoolError.self) { try WorkerPool(threads: 1_000_000) }
  }
}

@Suite struct InstructionSetTests {
  @Test("The environment chooses, and a wrong choice is an error")
  func selection() throws {
    #expect(try InstructionSet.selected(environment: [:]) == .best)
    #expect(try InstructionSet.selected(environment: ["STOA_ISA": "scalar"]) == .scalar)
    #expect(throws: InstructionSetError.unknown("avx1024")) {
      try InstructionSet.selected(environment: ["STOA_ISA": "avx1024"])
    }
    for set in InstructionSet.allCases where !set.isAvailable {
      #expect(throws: InstructionSetError.unavailable(set)) {
        try InstructionSet.selected(environment: ["STOA_ISA": set.rawValue])
      }
    }
  }
}
