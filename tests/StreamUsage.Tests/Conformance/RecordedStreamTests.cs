using FluentAssertions.Execution;
using StreamUsage.Accounting;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Conformance;

/// <summary>Every recorded stream gives the expected values, however its bytes are cut.</summary>
public sealed class RecordedStreamTests
{
    private const int RandomCuts = 20;

    /// <summary>The streams of the four big protocols.</summary>
    public static TheoryData<string, string> Streams() =>
        ToData(RecordedStream.All("anthropic-messages", "openai-chat", "openai-responses", "gemini"));

    /// <summary>The bodies of all other protocols, streamed and whole.</summary>
    public static TheoryData<string, string> Bodies() => ToData(RecordedStream.Bodies(OtherFormats));

    /// <summary>The corpora of the other protocols.</summary>
    public static string[] OtherFormats =>
        ["openai-completions", "openai-images", "openai-transcription", "gemini-interactions", "bedrock-converse", "bedrock-invoke",
            "cohere-chat", "cohere-chat-v1"];

    internal static RecordedStream Find(string format, string name)
    {
        SharedFiles.Require("corpus", format);
        return RecordedStream.Bodies(format).Single(stream => stream.Name == name);
    }

    private static TheoryData<string, string> ToData(IEnumerable<RecordedStream> streams)
    {
        var data = new TheoryData<string, string>();
        foreach (RecordedStream stream in streams)
        {
            data.Add(stream.Format, stream.Name);
        }

        if (data.Count == 0)
        {
            data.Add("", "");
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Streams))]
    [MemberData(nameof(Bodies))]
    public async Task A_recorded_stream_gives_the_expected_record_whole_byte_by_byte_and_at_random_cuts(string format, string name)
    {
        RecordedStream stream = Find(format, name);
        byte[] body = stream.Body;
        var random = new Random(name.Length);

        await VerifyAsync(stream, body, body.Length, named: true);
        await VerifyAsync(stream, body, body.Length, named: false);
        await VerifyAsync(stream, body, 1, named: true);
        await VerifyAsync(stream, body, 1, named: false);
        for (int i = 0; i < RandomCuts; i++)
        {
            await VerifyAsync(stream, body, random.Next(1, body.Length), named: i % 2 == 0, cutOnce: true);
        }
    }

    private static async Task VerifyAsync(RecordedStream stream, byte[] body, int pieceLength, bool named, bool cutOnce = false)
    {
        var sink = new RecordingSink();
        await using var tracker = new UsageTracker(sink);
        await using Stream tracked = tracker.Track(new PiecewiseStream(body, pieceLength, cutOnce),
            new UsageContext { ApiFormat = named ? stream.ApiFormat : ApiFormat.Auto }, out UsageTracking tracking);
        var seen = new MemoryStream();
        var buffer = new byte[Math.Max(1, Math.Max(pieceLength, body.Length))];
        for (int length; (length = await tracked.ReadAsync(buffer, TestContext.Current.CancellationToken)) != 0;)
        {
            seen.Write(buffer, 0, length);
        }

        seen.ToArray().Should().Equal(body);
        UsageRecord record = await tracking.Completion;
        using (new AssertionScope($"{stream} in pieces of {pieceLength}"))
        {
            Verify(record, stream);
        }
    }

    internal static void Verify(UsageRecord record, RecordedStream stream)
    {
        ExpectedValues expected = stream.Expected;
        record.Protocol.Should().Be(stream.Protocol);
        record.ApiFormat.Should().Be(stream.ApiFormat);
        if (expected is { HasProviderUsage: true, InputTokens: 0, OutputTokens: 0, Text.Length: > 0 })
        {
            // All counts are 0 beside an answer: that is no report.
            record.InputSource.Should().Be(TokenSource.None);
            record.OutputSource.Should().Be(TokenSource.Estimated);
            record.Anomalies.Should().HaveFlag(UsageAnomalies.ImplausibleZero);
        }
        else if (expected.HasProviderUsage)
        {
            record.Usage.InputTokens.Should().Be(expected.InputTokens ?? 0);
            record.Usage.CacheReadInputTokens.Should().Be(expected.CacheReadInputTokens ?? 0);
            record.Usage.CacheCreationInputTokens.Should().Be(expected.CacheCreationInputTokens ?? 0);
            record.Usage.OutputTokens.Should().Be(expected.OutputTokens ?? 0);
            record.Usage.ReasoningTokens.Should().Be(expected.ReasoningTokens);
            record.InputSource.Should().Be(TokenSource.Reported);
            record.OutputSource.Should().Be(TokenSource.Reported);
            record.ReportedUsageJson.Should().NotBeNull();
        }
        else
        {
            record.InputSource.Should().Be(TokenSource.None);
            record.ReportedUsageJson
                .Should().Be(expected.DurationSeconds is null && record.ReportedCost is null ? null : record.ReportedUsageJson);
        }

        record.ResponseId.Should().Be(expected.ResponseId);
        record.ResponseModel.Should().Be(expected.Model);
        record.StopReason.Should().Be(expected.StopReason);
        VerifyUnits(record, expected);
        record.EventCount.Should().Be(stream.IsWhole ? 1 : expected.DataEvents);
        record.SkippedEvents.Should().Be(0);
        record.ErrorMessage.Should().Be(expected.Error);
        record.Outcome.Should().Be(expected.Error is not null ? StreamOutcome.ProviderError
            : expected.Completed ? StreamOutcome.Completed : StreamOutcome.Interrupted);
        record.OutputCharacters.Should().BeGreaterThanOrEqualTo(expected.Text?.Length ?? 0);
    }

    private static void VerifyUnits(UsageRecord record, ExpectedValues expected)
    {
        if (expected.BilledUnits is { } billed)
        {
            (record.BilledUsage.TotalInputTokens, record.BilledUsage.OutputTokens)
                .Should().Be((billed["input_tokens"], billed["output_tokens"]));
        }

        if (expected.DurationSeconds is { } seconds)
        {
            record.BilledUnits.Should().Contain("audio_seconds", seconds);
        }

        foreach ((string detail, long count) in expected.Details ?? new Dictionary<string, long>())
        {
            long? found = detail switch
            {
                "input_audio_tokens" => record.Usage.InputAudioTokens,
                "output_image_tokens" => record.Usage.OutputImageTokens,
                _ => record.TokenDetails.GetValueOrDefault(detail),
            };
            found.Should().Be(count, detail);
        }
    }
}
