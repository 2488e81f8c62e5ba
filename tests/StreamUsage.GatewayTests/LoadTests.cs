using System.ClientModel;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Anthropic;
using Anthropic.Models.Messages;
using OpenAI;
using OpenAI.Chat;
using StreamUsage.GatewayTests.Support;

namespace StreamUsage.GatewayTests;

/// <summary>What the gateway recorded equals what the upstream sent, whatever happened in between.</summary>
public sealed class LoadTests
{
    [Fact]
    public async Task Every_answer_is_recorded_once_and_exactly_through_aborts_SIGTERM_and_SIGKILL()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS(), "sends signals");
        await using Upstream upstream = await Upstream.StartAsync();
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(upstream: upstream.Address, settings: Limitless);

        // 200 streams at once, a fifth of which their clients leave; SDKs and curl beside them.
        await Task.WhenAll([
            .. Enumerable.Range(0, 200).Select(i => AskAsync(gateway, i, pause: 40, readsAtMost: i % 5 == 0 ? 3 : int.MaxValue)),
            .. Enumerable.Range(0, 5).Select(_ => AskAnthropicAsync(gateway)),
            .. Enumerable.Range(0, 5).Select(_ => AskOpenAIAsync(gateway)),
            CurlAsync(gateway)]);
        await gateway.UntilAsync(async () => await CountAsync(gateway) == upstream.Sent.Length);

        // A stop lets the streams end that end within its grace period, and interrupts the others.
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        upstream.SecondHalf = stopped.Task;
        Task[] amidStop =
        [
            .. Enumerable.Range(0, 100).Select(i => AskAsync(gateway, i, pause: 40)),
            .. Enumerable.Range(0, 10).Select(i => AskAsync(gateway, i, pause: 5_000)),
        ];
        await gateway.UntilAsync(async () => await CountOpenAsync(gateway) == 110);
        Task<int> stop = gateway.TerminateAsync();
        stopped.SetResult();
        (await stop).Should().Be(0, "it stops cleanly; it said: {0}", gateway.Output);
        await Task.WhenAll(amidStop);
        await gateway.RestartAsync();
        await gateway.UntilAsync(async () => await CountAsync(gateway) == upstream.Sent.Length);
        int interruptedByStop = (await ReadRecordsAsync(gateway)).Count(static record => Is(record, "Interrupted"));
        interruptedByStop.Should().BeInRange(10, 20, "100 of 110 streams ended within the grace period");

        // A kill: streams that were open for a second are recorded at the next start. None of them ends before.
        upstream.SecondHalf = new TaskCompletionSource().Task;
        Task[] amidKill = [.. Enumerable.Range(0, 100).Select(i => AskAsync(gateway, i, pause: 1_000))];
        await gateway.UntilAsync(async () => await CountOpenAsync(gateway) == 100);
        await Task.Delay(TimeSpan.FromSeconds(5));
        await gateway.KillAsync();
        await Task.WhenAll(amidKill);
        await gateway.RestartAsync();
        await gateway.UntilAsync(async () => await CountAsync(gateway) == upstream.Sent.Length);

        await CompareAsync(gateway, upstream);
    }

    private static (string Key, string Value)[] Limitless => [("Gateway__Keys__0__DailyBudget", "1000000")];

    private static async Task AskAsync(GatewayProcess gateway, int i, int pause, int readsAtMost = int.MaxValue)
    {
        using HttpRequestMessage request = Questions.Create(gateway.Proxy, Questions.Providers[i % 3], pause: pause);
        try
        {
            using HttpResponseMessage response = await gateway.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            response.EnsureSuccessStatusCode();
            await using Stream body = await response.Content.ReadAsStreamAsync();
            byte[] buffer = new byte[4_096];
            for (int reads = 0; reads < readsAtMost && await body.ReadAsync(buffer) != 0; reads++)
            {
            }
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException)
        {
            // The gateway was stopped or killed.
        }
    }

    private static async Task AskAnthropicAsync(GatewayProcess gateway)
    {
        using var http = new HttpClient();
        var client = new AnthropicClient { ApiKey = "demo-alice", BaseUrl = gateway.Proxy.ToString().TrimEnd('/'), HttpClient = http };
        long output = 0;
        await foreach (RawMessageStreamEvent item in client.Messages.CreateStreaming(new MessageCreateParams
        {
            Model = "claude-demo-1",
            MaxTokens = 100,
            Messages = [new UserMessageParam("Why is the sky blue?")],
        }))
        {
            output = item.TryPickDelta(out RawMessageDeltaEvent? delta) ? delta.Usage.OutputTokens : output;
        }

        output.Should().BePositive("the answer comes to its end");
    }

    private static async Task AskOpenAIAsync(GatewayProcess gateway)
    {
        var options = new OpenAIClientOptions { Endpoint = new Uri(gateway.Proxy, "v1") };
        ChatClient client = new OpenAIClient(new ApiKeyCredential("demo-alice"), options).GetChatClient("gpt-demo-1");
        string text = "";
        await foreach (StreamingChatCompletionUpdate update in client.CompleteChatStreamingAsync(
            new UserChatMessage("Why is the sky blue?")))
        {
            text += string.Concat(update.ContentUpdate.Select(static part => part.Text));
        }

        text.Should().StartWith("word word");
    }

    private static async Task CurlAsync(GatewayProcess gateway)
    {
        using Process curl = Process.Start(new ProcessStartInfo("curl",
            ["-sN", new Uri(gateway.Proxy, "v1/messages").ToString(), "-H", "x-api-key: demo-alice", "-H", "content-type: application/json",
                "-d",
            """{"model":"claude-demo-1","max_tokens":100,"stream":true,"messages":[{"role":"user","content":"Why?"}]}"""])
        {
            RedirectStandardOutput = true,
        })!;
        (await curl.StandardOutput.ReadToEndAsync()).Should().EndWith("data: {\"type\":\"message_stop\"}\n\n");
    }

    private static async Task CompareAsync(GatewayProcess gateway, Upstream upstream)
    {
        List<JsonElement> records = await ReadRecordsAsync(gateway);
        Dictionary<string, SentAnswer> sent = upstream.Sent.ToDictionary(static answer => answer.Id.ToString());
        records.Should().HaveSameCount(sent, "each answer has one record");
        JsonElement[] named = [.. records.Where(HasId)];
        named.Select(Id).Should().OnlyHaveUniqueItems().And.BeSubsetOf(sent.Keys);
        records.Should().NotContain(
            static record => !HasId(record) && record.GetProperty("errorType").GetString() != "process_ended",
            "only the state of a killed stream may be older than its first event");

        long tokens = 0;
        decimal cost = 0;
        foreach (JsonElement record in records.Where(static record => !Is(record, "Interrupted")))
        {
            SentAnswer answer = sent[Id(record)];
            JsonElement usage = record.GetProperty("billedUsage");
            usage.GetProperty("inputTokens").GetInt64().Should().Be(answer.Input, "of {0}", record);
            usage.GetProperty("cacheReadInputTokens").GetInt64().Should().Be(answer.Cached);
            usage.GetProperty("outputTokens").GetInt64().Should().Be(answer.Output);
            record.GetProperty("cost").GetProperty("total").GetDecimal().Should().Be(answer.Cost);
            tokens += answer.Input + answer.Cached + answer.Output;
            cost += answer.Cost;
        }

        List<JsonElement> interrupted = [.. records.Where(static record => Is(record, "Interrupted"))];
        interrupted.Count.Should().BeInRange(10 + 90, 20 + 100);
        interrupted.Should().OnlyContain(static record => record.GetProperty("outputSource").GetString() != "Reported");
        foreach (JsonElement record in named.Where(
            static record => Is(record, "Interrupted") && record.GetProperty("protocol").GetString() == "anthropic-messages"))
        {
            SentAnswer answer = sent[Id(record)];
            record.GetProperty("billedUsage").GetProperty("inputTokens").GetInt64().Should().Be(answer.Input, "its first event reports it");
        }

        JsonElement total = (await gateway.GetAsync("usage")).GetProperty("total");
        total.GetProperty("records").GetInt64().Should().Be(sent.Count);
        total.GetProperty("billedUsage").GetProperty("totalTokens").GetInt64()
            .Should().Be(tokens + interrupted.Sum(static record => Tokens(record)));
        total.GetProperty("cost").GetDecimal().Should().Be(
            cost + interrupted.Sum(static record => record.GetProperty("cost").GetProperty("total").GetDecimal()));
    }

    private static long Tokens(JsonElement record)
    {
        JsonElement usage = record.GetProperty("billedUsage");
        return usage.GetProperty("inputTokens").GetInt64() + usage.GetProperty("cacheReadInputTokens").GetInt64()
            + usage.GetProperty("cacheCreationInputTokens").GetInt64() + usage.GetProperty("outputTokens").GetInt64();
    }

    private static string Id(JsonElement record) => record.GetProperty("responseId").GetString()!;

    private static bool HasId(JsonElement record) => record.TryGetProperty("responseId", out _);

    private static bool Is(JsonElement record, string outcome) => record.GetProperty("outcome").GetString() == outcome;

    private static async Task<List<JsonElement>> ReadRecordsAsync(GatewayProcess gateway)
    {
        var records = new List<JsonElement>();
        for (string? after = ""; after is not null;)
        {
            JsonElement page = await gateway.GetAsync($"usage/records?limit=150{after}");
            records.AddRange(page.GetProperty("records").EnumerateArray());
            after = page.GetProperty("next").GetString() is { } next ? "&after=" + next : null;
        }

        return records;
    }

    private static async Task<long> CountAsync(GatewayProcess gateway) =>
        (await gateway.GetAsync("usage")).GetProperty("total") is { ValueKind: JsonValueKind.Object } total
            ? total.GetProperty("records").GetInt64() : 0;

    private static async Task<int> CountOpenAsync(GatewayProcess gateway) =>
        (await gateway.ReadLiveAsync()).GetProperty("openCount").GetInt32();
}
