using System.Diagnostics;
using Microsoft.Extensions.AI;
using OpenTelemetry.Metrics;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Diagnostics;

/// <summary>Beside the instrumentation of Microsoft.Extensions.AI: the same sums under another meter, none twice under
/// one.</summary>
[Collection(AloneCollection.Name)] // Its meter is the process's.
public sealed class MicrosoftExtensionsAITests(LoopbackProvider provider) : IClassFixture<LoopbackProvider>
{
    private const string Theirs = "Experimental.Microsoft.Extensions.AI";

    private const string Head = """data: {"id":"c1","object":"chat.completion.chunk","model":"gpt-5-2026",""";

    private static readonly string[] Chunks =
    [
        Head + """ "choices":[{"index":0,"delta":{"role":"assistant","content":"Hi "}}]}""",
        Head + """ "choices":[{"index":0,"delta":{"content":"there"},"finish_reason":"stop"}]}""",
        Head + """ "choices":[],"usage":{"prompt_tokens":120,"completion_tokens":30}}""",
        "data: [DONE]",
    ];

    [Theory]
    [InlineData("input", 240)]
    [InlineData("output", 60)]
    public async Task Both_meters_have_the_same_sums_for_the_same_calls(string type, double expected)
    {
        using var exported = new Exported(Theirs);

        await AskTwiceAsync(exported);

        (var own, var theirs) = exported.CollectBeside(Theirs);
        Sum(own).Should().Be(expected);
        Sum(theirs).Should().Be(expected);

        double Sum(IReadOnlyList<MetricSnapshot> metrics) => Exported.Sum(
            metrics.Single(metric => metric.Name == "gen_ai.client.token.usage"),
            ("gen_ai.token.type", type), ("gen_ai.request.model", "gpt-5"));
    }

    [Fact]
    public async Task Both_meters_have_the_same_names_and_attributes()
    {
        using var exported = new Exported(Theirs);

        await AskTwiceAsync(exported);

        (var own, var theirs) = exported.CollectBeside(Theirs);
        Attributes(own).Should().BeEquivalentTo(Attributes(theirs));

        static Dictionary<string, object?> Attributes(IReadOnlyList<MetricSnapshot> metrics) =>
            Exported.Attributes(Exported.Points(metrics.Single(metric => metric.Name == "gen_ai.client.operation.duration")).Single());
    }

    [Fact]
    public async Task A_call_is_counted_once_under_each_meter()
    {
        using var exported = new Exported(Theirs);

        await AskTwiceAsync(exported);

        (var own, var theirs) = exported.CollectBeside(Theirs);
        (Count(own), Count(theirs)).Should().Be((2, 2));

        static long Count(IReadOnlyList<MetricSnapshot> metrics) =>
            Exported.Points(metrics.Single(metric => metric.Name == "gen_ai.client.operation.duration")).Single().GetHistogramCount();
    }

    [Fact]
    public async Task Our_span_is_below_theirs()
    {
        using var exported = new Exported(Theirs);

        await AskTwiceAsync(exported);

        Activity[] theirs = [.. exported.Spans.Where(span => span.Source.Name == Theirs)];
        exported.Spans.Where(span => span.Source.Name == "StreamUsage" && span.Kind == ActivityKind.Client)
            .Select(span => span.ParentSpanId).Should().BeEquivalentTo(theirs.Select(span => span.SpanId)).And.HaveCount(2);
    }

    [Fact]
    public async Task With_attributes_on_the_callers_span_there_is_one_span_a_call()
    {
        using var exported = new Exported(Theirs);

        await AskTwiceAsync(exported, new StreamUsageOptions { MeterFactory = exported, TagCallerActivity = true });

        Activity[] spans = [.. exported.Spans.Where(span => span.Kind == ActivityKind.Client)];
        spans.Should().HaveCount(2).And.OnlyContain(span => span.Source.Name == Theirs);
        spans.Should().OnlyContain(span => span.GetTagItem("streamusage.record.id") != null);
    }

    private async Task AskTwiceAsync(Exported exported, StreamUsageOptions? options = null)
    {
        Uri address = provider.Serve(LoopbackProvider.Events([.. Chunks.Select(chunk => chunk + "\n\n")]), "/v1/chat/completions");
        options ??= new StreamUsageOptions { MeterFactory = exported };
        options.LatestGenAIConventions = false;
        await using var tracker = new UsageTracker(new RecordingSink(), options);
        using var http = new HttpClient(new UsageTrackingHandler(tracker));
        using IChatClient client = new LoopbackChatClient(http, address).AsBuilder().UseOpenTelemetry().Build();
        exported.Caller.Start();
        for (int i = 0; i < 2; i++)
        {
            await foreach (ChatResponseUpdate _ in client.GetStreamingResponseAsync(
                "Hello", new ChatOptions { ModelId = "gpt-5" }, TestContext.Current.CancellationToken))
            {
            }
        }

        exported.Caller.Stop();
        await tracker.FlushAsync(TestContext.Current.CancellationToken);
    }
}
