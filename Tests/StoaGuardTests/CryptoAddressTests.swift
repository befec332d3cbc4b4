import Testing

@testable import StoaGuard

struct CryptoAddressTests {
  private func hex(_ bytes: [UInt8]) -> String { bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }

  /// FIPS 180-4's example, and one that needs two blocks.
  @Test func sha256() {
    #expect(
      hex(Digests.sha256(Array("abc".utf8))) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      hex(Digests.sha256(Array("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8)))
        == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
  }

  /// Of the empty text and of `abc`, as Ethereum's documents have them.
  @Test func keccak256() {
    #expect(hex(Digests.keccak256([])) == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470")
    #expect(
      hex(Digests.keccak256(Array("abc".utf8))) == "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45")
  }

  /// The first block's address, and examples of BIP 13, 173, 350 and EIP-55.
  @Test(arguments: [
    ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "bitcoin"), ("3P14159f73E4gFr7JterCCQh9QjiTjiZrG", "bitcoin"),
    ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "bitcoin"),
    ("BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", "bitcoin"),
    ("bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0", "bitcoin"),
    ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "ethereum"),
    ("0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359", "ethereum"),
    ("0x52908400098527886e0f7030069857d2e4169ee7", "ethereum"),
  ]) func valid(_ address: String, _ currency: String) {
    #expect(CryptoAddresses.currency(of: Array(address.utf8)) == currency)
  }

  @Test(arguments: [
    "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5",
    "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3T4", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD", "", "bc1",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeg",
  ]) func invalid(_ address: String) {
    #expect(CryptoAddresses.currency(of: Array(address.utf8)) == nil)
  }
}
