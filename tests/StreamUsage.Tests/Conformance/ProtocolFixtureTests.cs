using System.Text.Json;
using System.Text.RegularExpressions;
using FluentAssertions.Execution;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Conformance;

/// <summary>The project's own small bodies: each protocol, streamed and whole, without the recordings.</summary>
public sealed partial class ProtocolFixtureTests
{
    private const int RandomCuts = 20;

    public static TheoryData<string, string> Names => ProtocolFixture.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_body_gives_the_expected_record_whole_byte_by_byte_and_at_random_cuts(string family, string name)
    {
        ProtocolFixture fixture = ProtocolFixture.Find(family, name);
        byte[] body = fixture.Body;
        var random = new Random(name.Length);
        foreach (bool isNamed in (bool[])[true, false])
        {
            await VerifyAsync(fixture, body, isNamed, body.Length);
            await VerifyAsync(fixture, body, isNamed, 1);
            for (int i = 0; i < RandomCuts; i++)
            {
                await VerifyAsync(fixture, body, isNamed, random.Next(1, body.Length), cutOnce: true);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_new_field_of_the_usage_changes_no_bucket_and_is_named(string family, string name)
    {
        ProtocolFixture fixture = ProtocolFixture.Find(family, name);
        string text = File.ReadAllText(fixture.Path);
        string changed = UsageStart().Replace(text, "$0\"made_up_tokens\":7,");
        var log = new RecordingLog();
        using var meters = new Meters();
        var tracker = new UsageTracker(new RecordingSink(), new StreamUsageOptions { MeterFactory = meters }, log);
        UsageRecord before = await RecordAsync(fixture, fixture.Body, isNamed: false, 100);
        UsageRecord after = await RecordAsync(tracker, fixture.ToBody(changed)),
            again = await RecordAsync(tracker, fixture.ToBody(changed));
        await tracker.DisposeAsync();

        foreach (UsageRecord record in (UsageRecord[])[after, again])
        {
            (record.Usage, record.BilledUsage, record.InputSource, record.OutputSource, record.Outcome)
                .Should().Be((before.Usage, before.BilledUsage, before.InputSource, before.OutputSource, before.Outcome));
            record.Anomalies.HasFlag(UsageAnomalies.UnknownUsageFields).Should().Be(changed != text);
        }

        string[] expected = changed == text ? [] : ["made_up_tokens"];
        log.Lines.Where(line => line.EventId == 21).Select(line => line.Fields["Field"])
            .Should().Equal(expected, "a field is named once a tracker");
        meters.Sums("streamusage.usage.unknown_fields")
            .Should().BeEquivalentTo(expected.Select(field => (field, 2.0)), "and counted in each answer");
    }

    [GeneratedRegex("\"(usage|total_usage|usageMetadata|meta|amazon-bedrock-invocationMetrics)\": ?\\{")]
    private static partial Regex UsageStart();

    private static async Task<UsageRecord> RecordAsync(UsageTracker tracker, byte[] body)
    {
        await using Stream tracked = tracker.Track(new PiecewiseStream(body, 100), Track.Nothing, out UsageTracking tracking);
        await tracked.CopyToAsync(Stream.Null);
        return await tracking.Completion;
    }

    private static Task<UsageRecord> RecordAsync(
        ProtocolFixture fixture, byte[] body, bool isNamed, int pieceLength, bool cutOnce = false) =>
        Captured.RecordAsync(body, new StreamUsageOptions { Capture = CapturedContent.Message },
            new UsageContext { ApiFormat = isNamed ? fixture.Format : ApiFormat.Auto }, pieceLength, cutOnce);

    private static async Task VerifyAsync(ProtocolFixture fixture, byte[] body, bool isNamed, int pieceLength, bool cutOnce = false)
    {
        UsageRecord record = await RecordAsync(fixture, body, isNamed, pieceLength, cutOnce);
        using var scope = new AssertionScope($"{fixture} {(isNamed ? "named" : "auto")} in pieces of {pieceLength}");
        record.SkippedEvents.Should().Be(0);
        record.ApiFormat.Name.Should().Be(!isNamed && fixture.Expected.TryGetProperty("autoFormat", out JsonElement detected)
            ? detected.GetString() : fixture.Format.Name);
        foreach (JsonProperty expected in fixture.Expected.EnumerateObject()
            .Where(member => member.Name is not ("format" or "autoFormat" or "end")))
        {
            Value(record, expected.Name).Should().Be(Text(expected.Value), expected.Name);
        }
    }

    private static string? Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Array => string.Join('|', value.EnumerateArray().Select(Text)),
        JsonValueKind.Object => string.Join('|', value.EnumerateObject().Select(member => $"{member.Name} {Text(member.Value)}")),
        JsonValueKind.True or JsonValueKind.False => value.GetBoolean().ToString(),
        _ => value.GetRawText(),
    };

    private static string? Value(UsageRecord record, string name) =>
        FormattableString.Invariant($"{Member(record, name)}") is var text && Member(record, name) is null ? null : text;

    private static object? Member(UsageRecord record, string name) => name switch
    {
        "protocol" => record.Protocol,
        "operation" => record.Operation,
        "streamed" => record.Streamed,
        "outcome" => record.Outcome,
        "statusCode" => record.StatusCode,
        "input" => record.Usage.InputTokens,
        "cacheRead" => record.Usage.CacheReadInputTokens,
        "output" => record.Usage.OutputTokens,
        "reasoning" => record.Usage.ReasoningTokens,
        "inputAudio" => record.Usage.InputAudioTokens,
        "outputImage" => record.Usage.OutputImageTokens,
        "inputSource" => record.InputSource,
        "outputSource" => record.OutputSource,
        "billedInput" => record.BilledUsage.TotalInputTokens,
        "billedOutput" => record.BilledUsage.OutputTokens,
        "id" => record.ResponseId,
        "model" => record.ResponseModel,
        "stop" => record.StopReason,
        "serviceTier" => record.ServiceTier,
        "errorType" => record.ErrorType,
        "errorMessage" => record.ErrorMessage,
        "chars" => record.OutputCharacters,
        "events" => record.EventCount,
        "units" => string.Join('|', record.BilledUnits.Select(unit => FormattableString.Invariant($"{unit.Key} {unit.Value}"))),
        "details" => string.Join('|', record.TokenDetails.Select(detail => $"{detail.Key} {detail.Value}")),
        "serverToolUse" => string.Join('|', record.ServerToolUse.Select(use => $"{use.Key} {use.Value}")),
        "text" => string.Concat(record.Response!.Message!.Content.Where(block => block.Type == "text").Select(block => block.Text)),
        "tools" => string.Join('|', record.Response!.Message!.Content.Where(block => block.Type == "tool_use")
            .Select(block => $"{block.ToolName} {CanonicalJson.Of(block.InputJson!)}")),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "Not a member that a fixture may expect."),
    };
}
