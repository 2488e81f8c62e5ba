using System.Net;
using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using StreamUsage;

const string Body = """
    event: message_start
    data: {"type":"message_start","message":{"id":"msg_01","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":25,"output_tokens":1}}}

    event: content_block_start
    data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

    event: content_block_delta
    data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello!"}}

    event: content_block_stop
    data: {"type":"content_block_stop","index":0}

    event: message_delta
    data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":15}}

    event: message_stop
    data: {"type":"message_stop"}


    """;

using HttpResponseMessage response = new(HttpStatusCode.OK) { Content = new StringContent(Body, Encoding.UTF8, "text/event-stream") };
UsageTracking tracking = response.TrackUsage(new PrintingSink(), new UsageContext());
string seen = await response.Content.ReadAsStringAsync();
UsageRecord record = await tracking.Completion.WaitAsync(TimeSpan.FromSeconds(30));

bool asExpected = seen == Body && record.Outcome == StreamOutcome.Completed && record.Usage is { InputTokens: 25, OutputTokens: 15 };
asExpected &= UsageRecordJson.Read(UsageRecordJson.ToUtf8Bytes(record)) is { Id: var id, Usage: var usage, Outcome: StreamOutcome.Completed } && id == record.Id && usage == record.Usage;
asExpected &= await IsDeliveredAsync(inBackground: false) && await IsDeliveredAsync(inBackground: true);
Console.WriteLine($"{(RuntimeFeature.IsDynamicCodeSupported ? "JIT" : "native")}: {(asExpected ? "as expected" : "NOT as expected: 25 in, 15 out, completed, every byte passed on, the same from JSON and by a container's sinks")}");
return asExpected ? 0 : 1;

// A container's tracker, whose scoped sink fails at first.
static async Task<bool> IsDeliveredAsync(bool inBackground)
{
    var services = new ServiceCollection();
    services.AddSingleton<Store>();
    IStreamUsageBuilder builder = services.AddStreamUsage(options => options.AddZstd().RetryDelay = TimeSpan.Zero).AddSink<FailingSink>().AddSink(new PrintingSink());
    if (inBackground)
    {
        builder.DeliverInBackground();
    }

    await using ServiceProvider provider = services.BuildServiceProvider();
    UsageTracker tracker = provider.GetRequiredService<UsageTracker>();
    using HttpResponseMessage response = new(HttpStatusCode.OK) { Content = new StringContent(Body, Encoding.UTF8, "text/event-stream") };
    UsageTracking tracking = response.TrackUsage(tracker, new UsageContext { RequestId = "r1" });
    await response.Content.ReadAsStringAsync();
    DeliveryResult result = await tracking.Delivery.WaitAsync(TimeSpan.FromSeconds(30));
    await tracker.DisposeAsync();
    List<UsageRecord> stored = provider.GetRequiredService<Store>().Records;
    return result == (inBackground ? DeliveryResult.Queued : DeliveryResult.Delivered) && stored is [{ Context.RequestId: "r1", Usage.OutputTokens: 15 }];
}

sealed class Store
{
    public int Calls { get; set; }

    public List<UsageRecord> Records { get; } = [];
}

sealed class FailingSink(Store store) : IUsageSink
{
    public ValueTask RecordAsync(UsageRecord record, CancellationToken cancellationToken)
    {
        if (++store.Calls == 1)
        {
            throw new InvalidOperationException();
        }

        store.Records.Add(record);
        return ValueTask.CompletedTask;
    }
}

sealed class PrintingSink : IUsageSink
{
    public ValueTask RecordAsync(UsageRecord record, CancellationToken cancellationToken)
    {
        Console.WriteLine($"{record.Outcome}: {record.Usage.InputTokens} in, {record.Usage.OutputTokens} out");
        return ValueTask.CompletedTask;
    }
}
