/// Detectors of keys, tokens and passwords, all of the group `secrets`.
enum SecretDetectors {
  static let all: [Detector] = [
    Detector("api-key", "keys and tokens in the formats of their issuers", groups: ["secrets"], SecretFormats.all),
    Detector(
      "private-key", "private keys in PEM, OpenSSH and PGP armour, and age identities", groups: ["secrets"],
      [
        // RFC 7468: the whole block, so that none of it is shown. 3,600 bytes hold an RSA key of 4,096 bits and more.
        Pattern(
          "private-key",
          #"-----BEGIN (?:[A-Z0-9]{2,12} ){0,2}PRIVATE KEY(?: BLOCK)?-----"#
            + #"(?:\s{1,4}Proc-Type: 4,ENCRYPTED\s{1,4}DEK-Info: [A-Z0-9\-]{3,20},)?[A-Za-z0-9+/=\s\\:,.()"]{40,3600}"#
            + #"-----END (?:[A-Z0-9]{2,12} ){0,2}PRIVATE KEY(?: BLOCK)?-----"#,
          label: "PRIVATE_KEY"),
        Pattern("age-identity", #"AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}\>"#, label: "PRIVATE_KEY"),
      ]),
    Detector(
      "url-credentials", "passwords in URLs", groups: ["secrets"],
      [
        Pattern(
          "url-credentials", #"\<[A-Za-z][A-Za-z0-9+.\-]{1,20}://[^\s:/@'"<>]{0,64}:[^\s/@'"<>]{3,128}@[A-Za-z0-9\[]"#,
          label: "PASSWORD"
        ) { SecretGates.credentials($0) }
      ]),
    Detector(
      "password", "values that are assigned to names such as password, secret, token or api_key", groups: ["secrets"],
      [
        Pattern("assigned-secret", SecretGates.assignmentExpression, label: "SECRET", foldsCase: true) {
          SecretGates.assignment($0)
        }
      ]),
  ]
}
