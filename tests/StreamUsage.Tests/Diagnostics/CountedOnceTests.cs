using StreamUsage.Estimation;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Diagnostics;

/// <summary>The sums of the metrics are the billed tokens of the records.</summary>
public sealed class CountedOnceTests
{
    private static readonly string[] Formats =
    [
        "anthropic-messages", "bedrock-converse", "bedrock-invoke", "cohere-chat", "cohere-chat-v1", "gemini", "gemini-interactions",
        "openai-chat", "openai-completions", "openai-images", "openai-responses", "openai-transcription",
    ];

    public static TheoryData<string> Recorded => [.. Formats];

    [Theory]
    [MemberData(nameof(Recorded))]
    public async Task The_sums_over_recorded_responses_are_their_billed_usage(string format)
    {
        SharedFiles.Require("corpus", format);

        await VerifyAsync(RecordedStream.Bodies(format).Select(stream => (stream.Body, stream.ApiFormat)));
    }

    [Fact]
    public async Task The_sums_over_the_fixtures_are_their_billed_usage() =>
        await VerifyAsync(ProtocolFixture.All.Select(fixture => (fixture.Body, fixture.Format)));

    private static async Task VerifyAsync(IEnumerable<(byte[] Body, ApiFormat Format)> responses)
    {
        using var latest = new Exported();
        using var earlier = new Exported();
        (byte[] Body, ApiFormat Format)[] all = [.. responses];

        TokenUsage[] billed = await TrackAsync(latest, all, isLatest: true);
        await TrackAsync(earlier, all, isLatest: false);

        billed.Should().NotBeEmpty();
        long input = billed.Sum(usage => usage.TotalInputTokens), output = billed.Sum(usage => usage.OutputTokens);
        Latest("usage.input_tokens").Should().Be(input);
        Latest("operation.input_tokens").Should().Be(input);
        Latest("usage.output_tokens").Should().Be(output);
        Latest("operation.output_tokens").Should().Be(output);
        Latest("usage.cache_read.input_tokens").Should().Be(billed.Sum(usage => usage.CacheReadInputTokens));
        Latest("usage.cache_write.input_tokens").Should().Be(billed.Sum(usage => usage.CacheCreationInputTokens));
        Latest("usage.reasoning.output_tokens").Should().Be(billed.Sum(usage => Math.Min(usage.ReasoningTokens ?? 0, usage.OutputTokens)));
        Sum(latest, "streamusage.tokens").Should().Be(input + output);
        Sum(earlier, "gen_ai.client.token.usage", ("gen_ai.token.type", "input")).Should().Be(input);
        Sum(earlier, "gen_ai.client.token.usage", ("gen_ai.token.type", "output")).Should().Be(output);

        double Latest(string name) => Sum(latest, "gen_ai.client.inference." + name);
    }

    private static double Sum(Exported exported, string name, params (string, object)[] attributes) =>
        exported.Collect().Where(metric => metric.Name == name).Sum(metric => Exported.Sum(metric, attributes));

    private static async Task<TokenUsage[]> TrackAsync(Exported exported, (byte[] Body, ApiFormat Format)[] responses, bool isLatest)
    {
        var sink = new RecordingSink();
        var options = new StreamUsageOptions
        {
            MeterFactory = exported,
            LatestGenAIConventions = isLatest,
            Estimator = new CharacterTokenEstimator(),
        };
        await using (var tracker = new UsageTracker(sink, options))
        {
            foreach ((byte[] body, ApiFormat format) in responses)
            {
                var context = new UsageContext { ApiFormat = format };
                Stream stream = tracker.Track(new MemoryStream(body), context, out UsageTracking tracking);
                await stream.CopyToAsync(Stream.Null, TestContext.Current.CancellationToken);
                await stream.DisposeAsync();
                await tracking.Completion;
            }
        }

        return [.. sink.Records.Where(record => record.Status != UsageStatus.Pending).Select(record => record.BilledUsage)];
    }
}
