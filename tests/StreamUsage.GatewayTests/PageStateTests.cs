using Microsoft.Playwright;
using StreamUsage.GatewayTests.Support;

namespace StreamUsage.GatewayTests;

/// <summary>What the page says when there is nothing to show, or something does not work.</summary>
public sealed class PageStateTests(Browser browser, IdleGateway idle) : IClassFixture<IdleGateway>
{
    [Fact]
    public async Task Empty_gateway_says_how_to_send_a_first_request()
    {
        await using PageUnderTest page = await OpenAsync();

        await page.Expect("#empty").ToContainTextAsync("No responses yet");
        await page.Expect("#empty pre").ToContainTextAsync("curl -N");
        await page.Expect("#by-user").ToContainTextAsync("No responses in this period.");
        await page.Expect("#failures").ToContainTextAsync("No failures in this period.");
        page.Errors.Should().BeEmpty();
    }

    [Fact]
    public async Task Unknown_record_is_said_to_be_missing()
    {
        await using PageUnderTest page = await OpenAsync($"#record={Guid.NewGuid()}");

        await page.Expect("#record-summary").ToContainTextAsync("404");
        await page["#close"].ClickAsync();
        await page.Expect("#record").ToBeHiddenAsync();
    }

    [Fact]
    public async Task Totals_that_cannot_be_read_are_said_and_asked_for_again()
    {
        await using PageUnderTest page = await browser.OpenAsync();
        await page.Page.RouteAsync("**/usage?*", static route => route.FulfillAsync(new() { Status = 503 }));
        await page.Page.GotoAsync((await idle.GetAsync()).Admin.ToString());
        await page.Expect("#totals-problem").ToContainTextAsync("could not be read (503");

        await page.Page.UnrouteAllAsync();

        await page.Expect("#totals-problem").ToBeHiddenAsync();
        await page.Expect("#by-user").ToContainTextAsync("No responses in this period.");
    }

    [Fact]
    public async Task Failing_sink_lost_records_and_a_spent_budget_are_shown()
    {
        const string Snapshot = """
            {"time":"2026-01-01T00:01:00Z","startedAt":"2026-01-01T00:00:00Z","openCount":0,"open":[],
            "totals":{"responses":1,"totalInputTokens":1,"outputTokens":1,"cost":1},"outcomes":{"ProviderError":1},
            "timeToFirstToken":{"p50":null,"p95":null},"undelivered":3,
            "sinks":[{"sink":"Db","queueLength":7,"oldestRecordAge":"00:01:30",
            "failingSince":"2026-01-01T00:00:00Z","lastError":"<b>disk full</b>"}],
            "budgets":[{"apiKeyId":"k","userId":"u","limit":0.25,"spent":0.3,"reserved":0,"resetsAt":"2026-01-02T00:00:00Z"}]}
            """;
        await using PageUnderTest page = await browser.OpenAsync();
        await page.Page.RouteAsync("**/live", static route => route.FulfillAsync(new()
        {
            ContentType = "text/event-stream",
            Body = $"event: snapshot\ndata: {Snapshot.ReplaceLineEndings("")}\n\n",
        }));

        await page.Page.GotoAsync((await idle.GetAsync()).Admin.ToString());

        await page.Expect("#undelivered").ToHaveTextAsync("3");
        await page.Expect("#sinks").ToContainTextAsync("up to 1 min 30 s old");
        await page.Expect("#sinks").ToContainTextAsync("<b>disk full</b>");
        await page.Expect("#budgets").ToContainTextAsync("$0.30 of $0.25");
        await page.Expect("#budgets").ToContainTextAsync("Nothing left");
    }

    [Fact]
    public async Task Stopped_gateway_is_said_to_be_lost_and_found_again()
    {
        await using PageUnderTest page = await browser.OpenAsync();
        // An open page that held up the shutdown would do so for this long: longer than the test waits for its end.
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(settings: ("HostOptions__ShutdownTimeout", "00:10:00"));
        await page.Page.GotoAsync(gateway.Admin.ToString());
        await page.Expect("#connection").ToHaveTextAsync("Live");

        (await gateway.TerminateAsync()).Should().Be(0);
        await page.Expect("#connection").ToHaveTextAsync("Connection lost");
        await page.Expect("#problem").ToContainTextAsync("Trying again");
        await gateway.RestartAsync();

        await page.Expect("#connection").ToHaveTextAsync("Live");
        await page.Expect("#problem").ToBeHiddenAsync();
    }

    private async Task<PageUnderTest> OpenAsync(string address = "")
    {
        PageUnderTest page = await browser.OpenAsync();
        await page.Page.GotoAsync((await idle.GetAsync()).Admin + address);
        await page.Expect("#connection").ToHaveTextAsync("Live");
        return page;
    }
}
