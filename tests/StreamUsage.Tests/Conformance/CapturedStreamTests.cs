using FluentAssertions.Execution;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Conformance;

/// <summary>The message of every recorded stream has the expected text and tool calls, however its bytes are cut, and
/// its events are all kept.</summary>
public sealed class CapturedStreamTests
{
    private const int RandomCuts = 20;

    [Theory]
    [MemberData(nameof(RecordedStreamTests.Streams), MemberType = typeof(RecordedStreamTests))]
    [MemberData(nameof(RecordedStreamTests.Bodies), MemberType = typeof(RecordedStreamTests))]
    public async Task A_recorded_stream_gives_the_expected_message_whole_byte_by_byte_and_at_random_cuts(string format, string name)
    {
        RecordedStream stream = RecordedStreamTests.Find(format, name);
        byte[] body = stream.Body;
        var random = new Random(name.Length);

        UsageRecord whole = await CheckAsync(stream, body, body.Length, named: true);
        (int Length, bool IsNamed, bool CutOnce)[] others =
            [(body.Length, false, false), (1, true, false),
                (1, false, false), .. Enumerable.Range(0, RandomCuts).Select(i => (random.Next(1, body.Length), i % 2 == 0, true))];
        foreach ((int length, bool isNamed, bool cutOnce) in others)
        {
            UsageRecord other = await CheckAsync(stream, body, length, isNamed, cutOnce);
            other.Response!.Message!.Content.Should().Equal(whole.Response!.Message!.Content);
            other.Response.Events.Should().Equal(whole.Response.Events);
        }
    }

    private static async Task<UsageRecord> CheckAsync(RecordedStream stream, byte[] body, int pieceLength, bool named, bool cutOnce = false)
    {
        var options =
            new StreamUsageOptions { Capture = CapturedContent.Message | CapturedContent.Events, MaxCapturedBytes = 64 * 1024 * 1024 };
        UsageRecord record = await Captured.RecordAsync(
            body, options, new UsageContext { ApiFormat = named ? stream.ApiFormat : ApiFormat.Auto }, pieceLength, cutOnce);
        using (new AssertionScope($"{stream} in pieces of {pieceLength}"))
        {
            RecordedStreamTests.Verify(record, stream);
            VerifyMessage(record, stream);
        }

        return record;
    }

    internal static void VerifyMessage(UsageRecord record, RecordedStream stream)
    {
        ExpectedValues expected = stream.Expected;
        AssistantMessage message = record.Response!.Message!;
        ContentBlock[] first = [.. message.Content.Where(block => block.ChoiceIndex == 0)];
        string.Concat(first.Where(block => block.Type == "text").Select(block => block.Text)).Should().Be(expected.Text ?? "");
        first.Where(block => block.Type == "tool_use")
            .Select(block => new ExpectedToolCall(block.ToolName!, CanonicalJson.Of(block.InputJson!))).Should().Equal(expected.ToolCalls);
        message.Id.Should().Be(expected.ResponseId);
        message.Model.Should().Be(expected.Model);
        message.StopReason.Should().Be(expected.StopReason);
        record.Response.Events.Should().HaveCount(stream.IsWhole ? 1 : (int)expected.DataEvents);
        record.Response.Truncated.Should().BeFalse();
    }
}
