/// The formats of keys and tokens, as their issuers' documentation describes them.
enum SecretFormats {
  /// How random the part behind the prefix has to be, in bits for each byte: enough that `xxxxxxxx` and
  /// `your_token_here` fail, little enough that hardly any random text does.
  private static let leastEntropy = 2.8

  private static func format(_ name: String, _ expression: String, prefix: Int = 0, infix: String = "") -> Pattern {
    Pattern(name, #"\<"# + expression + #"\>"#, label: "API_KEY") { candidate in
      let random = candidate.bytes.dropFirst(prefix)
      guard infix.isEmpty || candidate.text.contains(infix) else { return nil }
      guard SecretGates.entropy(random) >= leastEntropy, !SecretGates.isPlaceholder(candidate.bytes) else { return nil }
      return Judgement(score: 1)
    }
  }

  /// What this can match begins with a prefix of its own, except where a comment says what sets it apart.
  static let all: [Pattern] = [
    // Clouds.
    format("aws-access-key", #"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}"#, prefix: 4),
    format("google-api-key", #"AIza[\w\-]{35}"#, prefix: 4),
    format("google-oauth-secret", #"GOCSPX-[\w\-]{28}"#, prefix: 7),
    format("google-oauth-token", #"ya29\.[\w\-]{40,400}"#, prefix: 5),
    // `Q~` after seven or three characters and one digit, 34 to 40 in all: Microsoft Entra client secrets.
    format("azure-client-secret", #"[\w~.\-]{3}[0-9]Q~[\w~.\-]{31,34}"#),
    format("azure-storage-key", #"AccountKey=[A-Za-z0-9+/]{86}=="#, prefix: 11),
    format("alibaba-access-key", #"LTAI[A-Za-z0-9]{16,22}"#, prefix: 4),
    format("tencent-secret-id", #"AKID[A-Za-z0-9]{32}"#, prefix: 4),
    format("digitalocean-token", #"do[opr]_v1_[0-9a-f]{64}"#, prefix: 7),
    format("heroku-key", #"HRKU-[\w\-]{36,64}"#, prefix: 5),
    format("flyio-token", #"(?:fo1_[\w\-]{43}|fm[12][ar]?_[A-Za-z0-9+/]{100,500}={0,3})"#, prefix: 4),
    format("planetscale", #"pscale_(?:tkn|oauth|pw)_[\w=.\-]{32,64}"#, prefix: 10),
    format("supabase-token", #"sb[ps]_[0-9a-f]{40}"#, prefix: 4),
    format("databricks-token", #"dapi[0-9a-f]{32}(?:-\d)?"#, prefix: 4),
    format("vault-token", #"hv[sbr]\.[\w\-]{24,300}"#, prefix: 4),
    format("terraform-token", #"[A-Za-z0-9]{14}\.atlasv1\.[\w=\-]{60,70}"#),
    format("pulumi-token", #"pul-[0-9a-f]{40}"#, prefix: 4),
    format("doppler-token", #"dp\.(?:pt|st|ct|sa|scim|audit)\.(?:[a-z0-9_\-]{2,35}\.)?[A-Za-z0-9]{40,44}"#, prefix: 6),
    format("onepassword-token", #"ops_eyJ[A-Za-z0-9+/]{250,800}={0,3}"#, prefix: 4),
    // Code and packages.
    format("github-token", #"gh[pousr]_[A-Za-z0-9]{36,251}"#, prefix: 4),
    format("github-fine-grained-token", #"github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"#, prefix: 11),
    format("gitlab-token", #"gl(?:pat|ptt|dt|rt|cbt|ft|agent|oas|soat|imt)-[\w.\-]{20,64}"#, prefix: 6),
    format("atlassian-token", #"ATATT3[\w\-=]{100,240}"#, prefix: 6),
    format("bitbucket-token", #"ATBB[A-Za-z0-9]{28}[A-F0-9]{8}"#, prefix: 4),
    format("npm-token", #"npm_[A-Za-z0-9]{36}"#, prefix: 4),
    format("pypi-token", #"pypi-AgE[\w\-]{50,400}"#, prefix: 8),
    format("rubygems-key", #"rubygems_[0-9a-f]{48}"#, prefix: 9),
    format("docker-token", #"dckr_(?:pat|oat)_[\w\-]{27,40}"#, prefix: 9),
    format("artifactory-key", #"AKCp[A-Za-z0-9]{69}"#, prefix: 4),
    format("sonarqube-token", #"sq[pua]_[0-9a-f]{40}"#, prefix: 4),
    format("postman-key", #"PMAK-[0-9a-f]{24}-[0-9a-f]{34}"#, prefix: 5),
    format("linear-key", #"lin_(?:api|oauth)_[A-Za-z0-9]{40}"#, prefix: 8),
    format("figma-token", #"figd_[\w\-]{38,43}"#, prefix: 5),
    format("notion-token", #"ntn_[A-Za-z0-9]{40,50}"#, prefix: 4),
    format("airtable-token", #"pat[A-Za-z0-9]{14}\.[0-9a-f]{64}"#, prefix: 3),
    format("asana-token", #"[0-2]/\d{16}(?:/\d{16})?:[0-9a-f]{32}"#),
    // Language models.
    // `OpenAI` in Base64 stands in the middle.
    format("openai-key", #"sk-[\w\-]{48,180}"#, prefix: 3, infix: "T3BlbkFJ"),
    format("openai-key-plain", #"sk-[A-Za-z0-9]{48}"#, prefix: 3),
    format("anthropic-key", #"sk-ant-[a-z]{2,8}\d{2}-[\w\-]{80,120}"#, prefix: 13),
    format("openrouter-key", #"sk-or-v1-[0-9a-f]{64}"#, prefix: 9),
    format("huggingface-token", #"(?:hf_|api_org_)[A-Za-z]{34}"#, prefix: 3),
    format("groq-key", #"gsk_[A-Za-z0-9]{52}"#, prefix: 4),
    format("perplexity-key", #"pplx-[A-Za-z0-9]{48}"#, prefix: 5),
    format("xai-key", #"xai-[A-Za-z0-9]{80}"#, prefix: 4),
    format("replicate-token", #"r8_[A-Za-z0-9]{37}"#, prefix: 3),
    // Messages and mail.
    format("slack-token", #"xox[abeoprs](?:\.xox[bp])?-[A-Za-z0-9\-]{10,250}"#, prefix: 5),
    format("slack-app-token", #"xapp-\d-[A-Z0-9]{6,16}-\d{8,16}-[0-9a-f]{40,80}"#, prefix: 5),
    format(
      "slack-webhook", #"(?:https://)?hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9+/]{40,80}"#,
      prefix: 24),
    format("discord-webhook", #"(?:https://)?discord(?:app)?\.com/api/webhooks/\d{17,20}/[\w\-]{60,72}"#, prefix: 24),
    // An identifier in Base64 that begins with a digit's code, a time stamp and a signature.
    format("discord-token", #"[MNO][A-Za-z\d]{23,28}\.[\w\-]{6}\.[\w\-]{27,40}"#),
    format("telegram-token", #"\d{8,10}:AA[\w\-]{33}"#, prefix: 11),
    format(
      "teams-webhook", #"webhook\.office\.com/webhookb2/[0-9a-f@\-]{73}/IncomingWebhook/[0-9a-f]{32}/[0-9a-f\-]{36}"#,
      prefix: 30),
    format("twilio-key", #"SK[0-9a-f]{32}"#, prefix: 2),
    format("sendgrid-key", #"SG\.[\w\-]{22}\.[\w\-]{43}"#, prefix: 3),
    format("mailgun-key", #"key-[0-9a-f]{32}"#, prefix: 4),
    format("mailchimp-key", #"[0-9a-f]{32}-us\d{1,2}"#),
    format("brevo-key", #"xkeysib-[0-9a-f]{64}-[A-Za-z0-9]{16}"#, prefix: 8),
    format("postmark-like", #"EZ[AT]K[A-Za-z0-9]{54}"#, prefix: 4),
    // Money and shops.
    format("stripe-key", #"(?:sk|rk)_(?:live|test|prod)_[A-Za-z0-9]{10,99}"#, prefix: 8),
    format("stripe-webhook-secret", #"whsec_[A-Za-z0-9+/]{32,64}"#, prefix: 6),
    format("square-token", #"(?:sq0(?:atp|csp|idp)-[\w\-]{22,43}|EAAA[\w\-]{60})"#, prefix: 4),
    format("shopify-token", #"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"#, prefix: 6),
    format("braintree-token", #"access_token\$(?:production|sandbox)\$[0-9a-z]{16}\$[0-9a-f]{32}"#, prefix: 24),
    format(
      "plaid-token", #"access-(?:sandbox|development|production)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"#,
      prefix: 16),
    format("flutterwave-key", #"FLWSECK(?:_TEST)?-[0-9a-zA-Z]{32}-X"#, prefix: 8),
    // Watching and the rest.
    format("grafana-token", #"glsa_[A-Za-z0-9]{32}_[0-9a-fA-F]{8}"#, prefix: 5),
    format("grafana-cloud-token", #"glc_[A-Za-z0-9+/]{32,400}={0,3}"#, prefix: 4),
    format("newrelic-key", #"NR(?:AK|JS|RA|II)-[A-Za-z0-9\-]{19,40}"#, prefix: 5),
    format("sentry-token", #"(?:sntrys_[A-Za-z0-9+/=_\-]{60,400}|sntryu_[0-9a-f]{64})"#, prefix: 7),
    format("dynatrace-token", #"dt0c01\.[A-Z0-9]{24}\.[A-Z0-9]{64}"#, prefix: 7),
    format("launchdarkly-key", #"(?:sdk|api)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"#, prefix: 4),
    format("dropbox-token", #"sl\.(?:u\.)?[\w\-]{130,600}"#, prefix: 3),
    format("facebook-token", #"EAA(?:[A-Z0-9][A-Za-z0-9]{60,250})"#, prefix: 3),
    format("mapbox-secret", #"sk\.eyJ[\w\-]{20,200}\.[\w\-]{20,60}"#, prefix: 3),
    format(
      "duffel-shippo-easypost", #"(?:shippo_(?:live|test)_[0-9a-f]{40}|duffel_(?:live|test)_[\w\-]{43})"#, prefix: 12),
    format("typeform-token", #"tfp_[\w\-.]{40,60}"#, prefix: 4),
    format("readme-key", #"rdme_[a-z0-9]{70}"#, prefix: 5),
    // RFC 7519: header and payload are JSON objects in Base64url, so both begin with `eyJ`.
    format("jwt", #"eyJ[\w\-]{14,500}\.eyJ[\w\-]{14,1500}\.[\w\-]{10,700}"#),
  ]
}
