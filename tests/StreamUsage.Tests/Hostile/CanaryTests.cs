using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Estimation;
using StreamUsage.Parsing;
using StreamUsage.Pricing;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Hostile;

/// <summary>Secrets planted wherever one could lie: none is in a log line or in an exception of ours, whatever
/// fails.</summary>
public sealed class CanaryTests
{
    private const string Canary = "CANARY";

    public static TheoryData<string> Bodies { get; } =
    [
        Answers.Claude.Replace("Twenty-four characters..", $"{Canary}-text", StringComparison.Ordinal),
        Answers.ClaudeStart + Answers.ClaudeError.Replace("Overloaded", $"{Canary}-error", StringComparison.Ordinal),
        Answers.ChatText.Replace("Eight ch", $"{Canary}-text", StringComparison.Ordinal)
            + Answers.ChatError.Replace("The server had an error", $"{Canary}-error", StringComparison.Ordinal),
        $"<html>{Canary}-page</html>",
        $"data: {{\"choices\":[{{\"delta\":{{\"content\":\"{Canary}-bad json\n\ndata: {Canary}-more\n\n",
        $"{{\"error\":{{\"message\":\"{Canary}-key sk-1 is wrong\",\"code\":401}}}}",
        $"[{{\"candidates\":[{{\"content\":{{\"parts\":[{{\"text\":\"{Canary}-text\"}}]}}}}],\"usageMetadata\":"
            + $"{{\"promptTokenCount\":\"{Canary}\"}}}},{{\"error\":{{\"code\":400,\"message\":\"{Canary}-error\","
            + $"\"status\":\"INVALID_ARGUMENT\"}}}}]",
        $"{{\"contentBlockDelta\":{{\"delta\":{{\"text\":\"{Canary}-text\"}}}}}}\n"
            + $"{{\"throttlingException\":{{\"message\":\"{Canary}-error\"}}}}\n",
        $"\0\0\0\u0010{Canary}-no message of an event stream",
        $"event: message_delta\ndata: {{\"type\":\"message_delta\",\"usage\":{{\"{Canary}-name\":-1,\"output_tokens\":-5}}}}\n\n",
        "",
    ];

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task No_secret_is_in_a_log_line_or_an_exception(string body)
    {
        foreach (bool fails in new[] { false, true })
        {
            foreach (bool breaks in new[] { false, true })
            {
                var log = new RecordingLog();
                var thrown = new List<Exception>();
                UsageRecord record = await ReadAsync(body, fails, breaks, log, thrown);

                log.Lines.Should().NotBeEmpty();
                foreach (RecordingLog.Line line in log.Lines)
                {
                    if (line.EventId == 21)
                    {
                        continue; // It names a field of a usage object, whatever the provider calls it.
                    }

                    line.Text.Should().NotContain(Canary);
                    string.Join(' ', line.Fields.Values).Should().NotContain(Canary);
                    (line.Exception?.Message ?? $"{Canary}-fault")
                        .Should().Be($"{Canary}-fault", "an exception of the user's own code is logged as it is, and no other");
                }

                string.Join('\n', thrown).Should().NotContain(Canary);
                JsonSerializer.Serialize(record.Context).Should().NotContain(Canary);
                JsonSerializer.Serialize(record.ResponseHeaders).Should().NotContain(Canary);
            }
        }
    }

    [Fact]
    public async Task No_secret_is_in_an_exception_about_a_wrong_argument()
    {
        UsageTracking tracking = Track.Response(Canary).TrackUsage(new RecordingSink(), Track.Nothing);

        FluentActions.Invoking(() => tracking.Fail(7, Canary))
            .Should().Throw<ArgumentException>().Which.Message.Should().NotContain(Canary);
        FluentActions.Invoking(() => new EmptyStreamException(StreamOutcome.Empty, Track.Nothing, 1)).Should().NotThrow();
        await Task.CompletedTask;
    }

    private static async Task<UsageRecord> ReadAsync(string body, bool fails, bool breaks, RecordingLog log, List<Exception> thrown)
    {
        var options = new StreamUsageOptions { ThrowOnUnreadableStream = true, RetryDelay = TimeSpan.Zero };
        IUsageSink sink = new RecordingSink();
        if (fails)
        {
            var fault = new InvalidOperationException($"{Canary}-fault");
            options.Estimator = new FailingEstimator(fault);
            options.Pricing = new FailingPricing(fault);
            options.AddParser(new ApiFormat("FAULTY"), new FailingParser(fault));
            sink = new FaultySink(_ => throw fault, _ => throw fault);
        }

        object[] script = breaks ? [body, new IOException($"{Canary}-reset")] : [body];
        using HttpResponseMessage response = Track.Response(new ScriptedStream(body.Length == 0 ? script[1..] : script));
        response.RequestMessage = new HttpRequestMessage(
            HttpMethod.Post, $"https://user:{Canary}-password@example.com/v1/models?key={Canary}-url");
        response.RequestMessage.Headers.Authorization = new AuthenticationHeaderValue("Bearer", $"{Canary}-bearer");
        response.Headers.TryAddWithoutValidation("Set-Cookie", $"session={Canary}-cookie");
        response.Headers.TryAddWithoutValidation("X-Session-Token", $"{Canary}-token");
        var headers = new Dictionary<string, string>
        {
            ["x-api-key"] = $"{Canary}-header",
            ["Authorization"] = $"Bearer {Canary}-header",
            ["Client-Secret"] = $"{Canary}-header",
        };
        await using var tracker = new UsageTracker(sink, options, log);
        UsageTracking tracking = response.TrackUsage(tracker, new UsageContext
        {
            RequestId = "request",
            ApiFormat = ApiFormat.Claude,
            RequestBody = Encoding.UTF8.GetBytes($$"""{"messages":[{"role":"user","content":"{{Canary}}-prompt"}]}"""),
            RequestHeaders = headers,
            ProviderRequestHeaders = headers,
        });
        tracking.Fail(503, $"{Canary}-why");
        try
        {
            await Track.ReadToEndAsync(await response.Content.ReadAsStreamAsync());
        }
        catch (EmptyStreamException ours)
        {
            thrown.Add(ours);
        }
        catch (IOException) when (breaks)
        {
        }

        UsageRecord record = await tracking.Completion;
        record.ErrorMessage.Should().Be($"{Canary}-why", "the record is the place for it");
        return record;
    }

    private sealed class FailingParser(Exception fault) : IUsageParser
    {
        public string Protocol => "failing";

        public ParserMatch Match(StreamEvent streamEvent) =>
            streamEvent.Data.StartsWith("{\"type\":\"message_d"u8) ? ParserMatch.Certain : throw fault;

        public UsageAccumulator Apply(StreamEvent streamEvent, UsageAccumulator state) => throw fault;
    }

    private sealed class FailingEstimator(Exception fault) : ITokenEstimator
    {
        public int CountTokens(string? model, ReadOnlySpan<char> text) => throw fault;

        public long EstimateInputTokens(ApiFormat format, string? model, ReadOnlyMemory<byte> requestBody) => throw fault;

        public long EstimateOutputTokens(ApiFormat format, string? model, string text, long characters) => throw fault;
    }

    private sealed class FailingPricing(Exception fault) : IUsagePricing
    {
        public UsageCost? Price(UsageRecord record) => throw fault;
    }
}
