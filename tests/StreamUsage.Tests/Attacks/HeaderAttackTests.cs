using StreamUsage.Capture;

namespace StreamUsage.Tests.Attacks;

/// <summary>Which values of headers are kept: those of names that are known to be harmless, without the secrets of URLs
/// in them.</summary>
public sealed class HeaderAttackTests
{
    [Theory]
    [InlineData("X-Forwarded-Authorization")]
    [InlineData("X-Original-Authorization")]
    [InlineData("Cf-Access-Jwt-Assertion")]
    [InlineData("X-Goog-IAP-JWT-Assertion")]
    [InlineData("x-amzn-oidc-data")]
    [InlineData("X-Ms-Client-Principal")]
    [InlineData("DPoP")]
    [InlineData("X-Password")]
    [InlineData("X-Session-Id")]
    [InlineData("X-Amz-Signature")]
    [InlineData("X-Forwarded-Client-Cert")]
    [InlineData("Location")]
    [InlineData("Link")]
    [InlineData("Referer")]
    [InlineData("Report-To")]
    [InlineData("WWW-Authenticate")]
    [InlineData("Authentication-Info")]
    [InlineData("Sec-WebSocket-Key")]
    [InlineData("Accept-Token")]
    [InlineData("X-RateLimit-Key")]
    [InlineData("Content-Session")]
    [InlineData("X-Api-Key-Request-Id")]
    [InlineData("X-Forwarded-For")]
    [InlineData("")]
    public void A_header_that_is_not_known_to_be_harmless_keeps_its_name_alone(string name) =>
        new HeaderRedaction(NoChoices).Redact(Header(name, "value-1"))![name].Should().Be("***");

    [Theory]
    [InlineData("Content-Type")]
    [InlineData("content-length")]
    [InlineData("Date")]
    [InlineData("Server")]
    [InlineData("Via")]
    [InlineData("Retry-After")]
    [InlineData("request-id")]
    [InlineData("x-amzn-RequestId")]
    [InlineData("apim-request-id")]
    [InlineData("anthropic-ratelimit-input-tokens-remaining")]
    [InlineData("x-ratelimit-reset-tokens")]
    [InlineData("RateLimit-Policy")]
    [InlineData("X-Rate-Limit-Limit")]
    [InlineData("openai-processing-ms")]
    [InlineData("anthropic-version")]
    [InlineData("CF-RAY")]
    [InlineData("User-Agent")]
    [InlineData("Accept")]
    [InlineData("Accept-Encoding")]
    public void A_harmless_header_keeps_its_value(string name) =>
        new HeaderRedaction(NoChoices).Redact(Header(name, "value-1"))![name].Should().Be("value-1");

    [Theory]
    [InlineData("https://example.com/v1/files?key=secret-1", "https://example.com/v1/files")]
    [InlineData("/v1/files?key=secret-1", "/v1/files")]
    [InlineData("https://user:secret-1@example.com/a#access_token=secret-1", "https://example.com/a")]
    [InlineData("<https://example.com/a?sig=secret-1>; rel=\"next\", <https://example.com/b?sig=secret-1&x=1>; rel=last",
        "<https://example.com/a>; rel=\"next\", <https://example.com/b>; rel=last")]
    [InlineData("text/event-stream; charset=utf-8", "text/event-stream; charset=utf-8")]
    public void A_kept_value_loses_the_secrets_of_its_urls(string value, string expected) =>
        new HeaderRedaction(new Dictionary<string, bool>(StringComparer.OrdinalIgnoreCase) { ["location"] = true })
            .Redact(Header("Location", value))!["Location"].Should().Be(expected);

    [Fact]
    public void The_last_choice_of_a_header_counts_whatever_its_case()
    {
        StreamUsageOptions options = new StreamUsageOptions()
            .CaptureHeader("X-One").RedactHeader("x-one").RedactHeader("server").CaptureHeader("SERVER");

        options.HeaderChoices.Should().Equal(new Dictionary<string, bool> { ["X-One"] = false, ["server"] = true });
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" ")]
    public void A_header_to_keep_must_have_a_name(string? name) =>
        FluentActions.Invoking(() => new StreamUsageOptions().CaptureHeader(name!))
            .Should().Throw<ArgumentException>().WithParameterName(nameof(name));

    private static Dictionary<string, bool> NoChoices { get; } = [];

    private static Dictionary<string, string> Header(string name, string value) => new() { [name] = value };
}
