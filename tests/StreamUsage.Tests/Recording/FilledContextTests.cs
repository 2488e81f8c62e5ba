namespace StreamUsage.Tests.Recording;

/// <summary>A context that is filled in from another one has every member of it.</summary>
public sealed class FilledContextTests
{
    private static readonly Dictionary<string, string> Some = new() { ["a"] = "b" };

    private static readonly UsageContext Full = new()
    {
        RequestId = "request",
        AttemptId = "attempt",
        UserId = "user",
        ApiKeyId = "key",
        Provider = "provider",
        ProviderId = "provider id",
        ProviderEndpointId = "endpoint",
        ProviderApiKeyId = "provider key",
        Model = "model",
        ApiFormat = ApiFormat.Gemini,
        RequestStartedAt = DateTimeOffset.UnixEpoch,
        RequestBody = "{}"u8.ToArray(),
        RequestHeaders = Some,
        ProviderRequestHeaders = Some,
        Tags = Some,
    };

    [Fact]
    public void Every_empty_member_is_filled_in()
    {
        typeof(UsageContext).GetProperties().Where(property => Equals(property.GetValue(Full), property.GetValue(new UsageContext())))
            .Should().BeEmpty("this test must know every member");

        new UsageContext().FillIn(Full).Should().Be(Full);
    }

    [Fact]
    public void No_member_is_replaced() =>
        Full.FillIn(new UsageContext { RequestId = "other", ApiFormat = ApiFormat.Claude, RequestBody = "[]"u8.ToArray() })
            .Should().Be(Full);
}
