using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using StreamUsage.GatewayTests.Support;

namespace StreamUsage.GatewayTests;

/// <summary>The page of a gateway with traffic.</summary>
public sealed class LivePageTests(Browser browser, DemoGateway demo) : IClassFixture<DemoGateway>
{
    [Fact]
    public async Task Figures_are_live_within_ten_seconds()
    {
        await using PageUnderTest page = await OpenAsync();
        TimeSpan before = await TimeReloadAsync(page);
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(demo: true);

        var opened = Stopwatch.StartNew();
        await page.Page.GotoAsync(gateway.Admin.ToString());
        await Task.WhenAll(
            page.Expect("#connection").ToHaveTextAsync("Live"),
            page.Expect("#tokens-rate").ToHaveTextAsync(Positive),
            page.Expect("#cost-rate").ToHaveTextAsync(Positive),
            page.Expect("#live-streams").ToHaveTextAsync(Positive),
            page.Expect("#first-token").ToHaveTextAsync(Positive),
            page.Expect("#outcomes").ToContainTextAsync("Completed"),
            page.Expect("#budgets li").ToHaveCountAsync(3),
            page.Expect("#sinks th").ToHaveCountAsync(2),
            page.Expect("#open tr").Not.ToHaveCountAsync(0),
            page.Expect("#by-user a").Not.ToHaveCountAsync(0));
        TimeSpan live = opened.Elapsed;

        // Ten seconds, or what thirty loads of the page take: longer only where other work slows the machine down.
        TimeSpan after = await TimeReloadAsync(page);
        live.TotalSeconds.Should().BeLessThan(Math.Max(10, 30 * Math.Max(before.TotalSeconds, after.TotalSeconds)));
        page.Errors.Should().BeEmpty();
    }

    [Fact]
    public async Task Keyboard_alone_leads_from_a_sum_to_the_json_of_a_record_and_back()
    {
        await using PageUnderTest page = await OpenAsync();
        IKeyboard keyboard = page.Page.Keyboard;

        await page.TabToAsync("#by-model a");
        string model = await page.Page.EvaluateAsync<string>("() => document.activeElement.textContent");
        await keyboard.PressAsync("Enter");
        await page.Expect("#list-title").ToHaveTextAsync($"Records of model {model}");
        await page.Expect("#list-title").ToBeFocusedAsync();
        await page.TabToAsync("#records a");
        await keyboard.PressAsync("Enter");
        await page.Expect("#record-json").ToContainTextAsync("\"billedUsage\"");
        string json = await page["#record-json"].TextContentAsync() ?? "";
        await keyboard.PressAsync("Escape");
        await page.Expect("#record").ToBeHiddenAsync();
        await page.ExpectNoRecordInAddressAsync();
        await page.Expect("#records a:focus").ToHaveCountAsync(1);
        await page.TabToAsync("#back");
        await keyboard.PressAsync("Enter");
        await page.Expect("#overview").ToBeVisibleAsync();
        await page.Expect("#by-model a:focus").ToHaveTextAsync(model);

        JsonElement record = JsonDocument.Parse(json).RootElement;
        // A response that failed names no model: it counts as one of the model that was asked for.
        JsonElement named = record.TryGetProperty("responseModel", out JsonElement said)
            ? said : record.GetProperty("context").GetProperty("model");
        named.GetString().Should().Be(model);
        page.Errors.Should().BeEmpty();
    }

    [Fact]
    public async Task Back_closes_a_record_then_leaves_its_list()
    {
        await using PageUnderTest page = await OpenAsync();
        await page["#by-user a"].First.ClickAsync();
        await page["#records a"].First.ClickAsync();
        await page.Expect("#record-json").ToContainTextAsync("\"id\"");

        await page.Page.GoBackAsync();
        await page.Expect("#record").ToBeHiddenAsync();
        await page.Expect("#list").ToBeVisibleAsync();
        await page.Page.GoBackAsync();

        await page.Expect("#overview").ToBeVisibleAsync();
        page.Errors.Should().BeEmpty();
    }

    [Fact]
    public async Task Record_is_shown_as_the_store_has_it_to_the_last_digit()
    {
        await using PageUnderTest page = await OpenAsync("#view=records&status=Completed");

        await page["#records a"].First.ClickAsync();
        await page.Expect("#record-json").ToContainTextAsync("\"cost\"");
        string shown = await page["#record-json"].TextContentAsync() ?? "";
        string id = await page.Page.EvaluateAsync<string>("() => document.getElementById('record').dataset.id");
        string stored = await (await page.Page.APIRequest.GetAsync($"{(await demo.GetAsync()).Admin}usage/records/{id}")).TextAsync();

        Compact(shown).Should().Be(Compact(stored));
        page.Errors.Should().BeEmpty();
    }

    [Fact]
    public async Task Address_alone_leads_to_a_record_and_closing_it_to_its_list()
    {
        await using PageUnderTest page = await OpenAsync("#view=records");
        await page["#records a"].First.ClickAsync();
        await page.Expect("#record-json").ToContainTextAsync("\"id\"");

        await page.Page.ReloadAsync();
        await page.Expect("#record-json").ToContainTextAsync("\"id\"");
        await page["#close"].ClickAsync();

        await page.Expect("#record").ToBeHiddenAsync();
        await page.Expect("#records a").Not.ToHaveCountAsync(0);
        await page.ExpectNoRecordInAddressAsync();
        page.Errors.Should().BeEmpty();
    }

    [Fact]
    public async Task Focus_on_a_sum_outlives_the_updates_of_the_totals()
    {
        await using PageUnderTest page = await OpenAsync();
        await page.Expect("#by-key a").ToHaveCountAsync(3);
        ILocator link = page["#by-key a"].GetByText("alice-laptop");
        await link.FocusAsync();

        string before = await page["#total"].TextContentAsync() ?? "";
        await page.Expect("#total").Not.ToHaveTextAsync(before);

        await Assertions.Expect(link).ToBeFocusedAsync();
        page.Errors.Should().BeEmpty();
    }

    [Fact]
    public async Task Focus_on_a_sum_outlives_its_way_to_the_top()
    {
        string[] users = ["ann", "bob"];
        await using PageUnderTest page = await browser.OpenAsync();
        await page.AnswerSumsAsync(() => users);
        await page.Page.GotoAsync((await demo.GetAsync()).Admin.ToString());
        await page.Expect("#by-user a").ToHaveTextAsync(["ann", "bob"]);
        await page["#by-user a"].Last.FocusAsync();

        users = ["bob", "ann"];

        await page.Expect("#by-user a").ToHaveTextAsync(["bob", "ann"]);
        await page.Expect("#by-user a:focus").ToHaveTextAsync("bob");
    }

    [Theory]
    [InlineData("#csv", "period,user_id")]
    [InlineData("#focus", "BilledCost,")]
    public async Task Download_is_a_file_of_comma_separated_values(string link, string head)
    {
        await using PageUnderTest page = await OpenAsync();
        await page.Expect("#by-user a").Not.ToHaveCountAsync(0);

        IDownload download = await page.Page.RunAndWaitForDownloadAsync(() => page[link].ClickAsync());

        string text = await File.ReadAllTextAsync(await download.PathAsync());
        text.Should().StartWith(head);
        text.Split('\n').Length.Should().BeGreaterThan(2);
    }

    private static Regex Positive { get; } = new("[1-9]");

    private async Task<PageUnderTest> OpenAsync(string address = "")
    {
        PageUnderTest page = await browser.OpenAsync();
        await page.Page.GotoAsync((await demo.GetAsync()).Admin + address);
        string rows = address.Contains("records", StringComparison.Ordinal) ? "#records a" : "#by-model a";
        await page.Expect(rows).Not.ToHaveCountAsync(0);
        return page;
    }

    private static async Task<TimeSpan> TimeReloadAsync(PageUnderTest page)
    {
        var watch = Stopwatch.StartNew();
        await page.Page.ReloadAsync();
        return watch.Elapsed;
    }

    // Without the white space outside of strings, and each string as the serializer writes it.
    private static string Compact(string json) =>
        JsonSerializer.Serialize(JsonDocument.Parse(json).RootElement);
}
