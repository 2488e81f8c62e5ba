using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Attacks;

/// <summary>What others choose stays on the line of its response, and does not make it long.</summary>
public sealed class LogForgingTests
{
    private const string Forged = "x\r\nwarn: StreamUsage[3] forged\u2028\u202e\u001b[2J";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Ids_models_and_error_types_forge_no_line(bool fails)
    {
        var log = new RecordingLog();
        string json = System.Text.Json.JsonSerializer.Serialize(Forged);
        string unheardOf =
            $"data: {{\"model\":{json},\"choices\":[],\"usage\":{{\"prompt_tokens\":-1,\"completion_tokens\":1,\"unheard_of\":1}}}}\n\n";
        string body = unheardOf + $"data: {{\"id\":{json},\"model\":{json},\"object\":\"chat.completion.chunk\",\"choices\":[]}}\n\n"
            + $"data: {{\"error\":{{\"type\":{json},\"message\":{json}}}}}\n\ndata: {{\"choices\":{{\n\n";
        IUsageSink sink = fails ? new FaultySink(record: _ => throw new InvalidOperationException()) : new RecordingSink();
        var tracker = new UsageTracker(sink, new StreamUsageOptions { MaxDeliveryAttempts = 1, Pricing = PriceTables.GenAi("{}") }, log);
        string text = Forged + new string('y', 101_000);
        var context = new UsageContext
        {
            RequestId = text,
            AttemptId = text,
            UserId = text,
            ApiKeyId = text,
            ApiFormat = new ApiFormat(text),
            Provider = text,
            ProviderId = text,
            ProviderEndpointId = text,
            ProviderApiKeyId = text,
            Model = text,
        };

        await Track.ReadToEndAsync(tracker.Track(new ScriptedStream(body), context, out UsageTracking tracking));
        await tracking.Completion;
        await tracker.DisposeAsync();

        log.Lines.Select(line => line.EventId).Should().Contain([2, 5, 6, 8, 21, 30]).And.Match(ids => fails == ids.Contains(3));
        foreach (RecordingLog.Line line in log.Lines)
        {
            line.Text.Should().NotContainAny("\r", "\n", "\u2028", "\u202e", "\u001b");
            line.Text.Length.Should().BeLessThan(5000);
            line.Fields.Values.OfType<string>().Where(value => value != line.Fields.GetValueOrDefault("{OriginalFormat}") as string)
                .Should().NotContain(value => value.Length > 257 || value.Contains('\n'));
        }
    }
}
