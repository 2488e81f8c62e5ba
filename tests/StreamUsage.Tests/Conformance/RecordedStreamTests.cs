using FluentAssertions.Execution;
using StreamUsage.Accounting;
using StreamUsage.Framing;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Conformance;

/// <summary>Every recorded stream gives the expected values, however its bytes are cut.</summary>
public sealed class RecordedStreamTests
{
    private const int RandomCuts = 20;

    public static TheoryData<string, string> Streams()
    {
        var data = new TheoryData<string, string>();
        foreach (RecordedStream stream in RecordedStream.All("anthropic-messages", "openai-chat", "openai-responses", "gemini"))
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
    public async Task A_recorded_stream_gives_the_expected_record_whole_byte_by_byte_and_at_random_cuts(string format, string name)
    {
        SharedFiles.Require("corpus", format);
        RecordedStream stream = RecordedStream.All(format).Single(s => s.Name == name);
        byte[] body = stream.Body;
        var random = new Random(name.Length);

        await VerifyAsync(stream, body, body.Length, named: true);
        await VerifyAsync(stream, body, body.Length, named: false);
        await VerifyAsync(stream, body, 1, named: true);
        for (int i = 0; i < RandomCuts; i++)
        {
            await VerifyAsync(stream, body, random.Next(1, body.Length), named: i % 2 == 0, cutOnce: true);
        }
    }

    private static async Task VerifyAsync(RecordedStream stream, byte[] body, int pieceLength, bool named, bool cutOnce = false)
    {
        var sink = new RecordingSink();
        await using var tracker = new UsageTracker(sink);
        await using Stream tracked = tracker.Track(new PiecewiseStream(body, pieceLength, cutOnce), new UsageContext { ApiFormat = named ? stream.ApiFormat : ApiFormat.Auto }, out UsageTracking tracking);
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
        record.Protocol.Should().Be(stream.Format);
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
            record.ReportedUsageJson.Should().BeNull();
        }

        record.ResponseId.Should().Be(expected.ResponseId);
        record.ResponseModel.Should().Be(expected.Model);
        record.StopReason.Should().Be(expected.StopReason);
        record.EventCount.Should().Be(expected.DataEvents);
        record.SkippedEvents.Should().Be(0);
        record.ErrorMessage.Should().Be(expected.Error);
        record.Outcome.Should().Be(expected.Error is not null ? StreamOutcome.ProviderError : expected.Completed ? StreamOutcome.Completed : StreamOutcome.Interrupted);
        record.OutputCharacters.Should().BeGreaterThanOrEqualTo(expected.Text?.Length ?? 0);
    }
}
