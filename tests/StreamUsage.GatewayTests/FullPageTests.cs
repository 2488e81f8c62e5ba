using Microsoft.Playwright;
using StreamUsage.GatewayTests.Support;

namespace StreamUsage.GatewayTests;

/// <summary>The page of a gateway whose store has 10,000 records, hostile ones among them.</summary>
public sealed class FullPageTests(Browser browser, FullGateway full) : IClassFixture<FullGateway>
{
    // The longest task of the page's thread since the page was opened, and how long it may be, in milliseconds: two
    // seconds, or ten times what a loop takes, which is longer only where other work slows the machine down.
    private const string LongestTask = """
        async () => {
            const longest = await new Promise(done => {
                new PerformanceObserver(list => done(Math.max(...list.getEntries().map(entry => entry.duration))))
                    .observe({ type: 'longtask', buffered: true });
                setTimeout(() => done(0), 1000);
            });
            const start = performance.now();
            for (let i = 0; i < 30; i++) {
                JSON.parse(JSON.stringify(Array.from({ length: 10_000 }, (_, i) => ({ key: `key ${i}`, cost: i }))));
            }
            return [longest, Math.max(2000, 10 * (performance.now() - start))];
        }
        """;

    [Fact]
    public async Task Overview_of_many_records_is_bounded_and_quick()
    {
        await using PageUnderTest page = await OpenAsync();

        await page.Expect("#total").ToContainTextAsync("10,000 responses");
        await page.Expect("#by-user tr").ToHaveCountAsync(20);
        (await page["tr"].CountAsync()).Should().BeLessThan(200);
        await ExpectShortTasksAsync(page);
        page.Errors.Should().BeEmpty();
    }

    [Fact]
    public async Task Further_sums_are_shown_on_demand()
    {
        await using PageUnderTest page = await OpenAsync();
        ILocator more = page["div:has(> table #by-key) button"];
        await Assertions.Expect(more).ToHaveTextAsync("Show more (9,980)");

        await more.ClickAsync();

        await page.Expect("#by-key tr").ToHaveCountAsync(70);
        page.Errors.Should().BeEmpty();
    }

    [Fact]
    public async Task Total_leads_to_all_records()
    {
        await using PageUnderTest page = await OpenAsync();

        await page["#total"].ClickAsync();

        await page.Expect("#list-title").ToHaveTextAsync("Records");
        await page.Expect("#list-total").ToContainTextAsync("10,000 responses");
        page.Errors.Should().BeEmpty();
    }

    [Fact]
    public async Task Failure_leads_to_its_record()
    {
        await using PageUnderTest page = await OpenAsync();

        await page["#failures a"].First.ClickAsync();

        await page.Expect("#record-summary").ToContainTextAsync("529");
        await page.Expect("#record-json").ToContainTextAsync("\"status\": \"Failed\"");
        page.Errors.Should().BeEmpty();
    }

    [Fact]
    public async Task All_failures_are_a_click_away_from_the_last_ones()
    {
        await using PageUnderTest page = await OpenAsync();

        await page["#all-failures"].ClickAsync();

        await page.Expect("#list-total").ToContainTextAsync("500 responses");
        await page.Expect("#statuses [aria-current]").ToHaveTextAsync("Failed");
        page.Errors.Should().BeEmpty();
    }

    [Fact]
    public async Task Records_come_in_pages()
    {
        await using PageUnderTest page = await OpenAsync("#view=records");
        await page.Expect("#records tr").ToHaveCountAsync(100);

        await page["#more"].ClickAsync();

        await page.Expect("#records tr").ToHaveCountAsync(200);
        await page.Expect("#list-total").ToContainTextAsync("10,000 responses");
        await page.Expect("#list-total").ToContainTextAsync("200 records shown");
        await ExpectShortTasksAsync(page);
        page.Errors.Should().BeEmpty();
    }

    [Fact]
    public async Task Cost_of_more_digits_than_a_double_has_is_shown_in_full()
    {
        await using PageUnderTest page = await OpenAsync("#view=records");

        await page["#records a"].Nth(1).ClickAsync();

        await page.Expect("#record-json").ToContainTextAsync($"\"total\": {FullGateway.ExactCost}");
        page.Errors.Should().BeEmpty();
    }

    [Fact]
    public async Task Last_page_takes_the_button_away_and_the_focus_along()
    {
        // One record in twenty failed: five full pages.
        await using PageUnderTest page = await OpenAsync("#view=records&status=Failed");
        for (int shown = 100; shown < 500; shown += 100)
        {
            await page.Expect("#records tr").ToHaveCountAsync(shown);
            await page["#more"].ClickAsync();
        }

        await page.Expect("#records tr").ToHaveCountAsync(500);
        await page["#more"].ClickAsync();

        await page.Expect("#more").ToBeHiddenAsync();
        await page.Expect("#records a:focus").ToHaveCountAsync(1);
        page.Errors.Should().BeEmpty();
    }

    [Fact]
    public async Task Hostile_names_and_messages_are_text()
    {
        await using PageUnderTest page = await OpenAsync();
        await page.Expect("#failures").ToContainTextAsync(FullGateway.HostileMessage);

        await page["#by-model a"].GetByText(FullGateway.HostileModel, new() { Exact = true }).ClickAsync();
        await page.Expect("#list-title").ToHaveTextAsync($"Records of model {FullGateway.HostileModel}");
        await page.Expect("#records tr").ToHaveCountAsync(100);
        await page["#records a"].First.ClickAsync();
        await page.Expect("#record-json").ToContainTextAsync($"\"{FullGateway.HostileModel}\"");

        (await page["img, main script"].CountAsync()).Should().Be(0);
        page.Errors.Should().BeEmpty();
    }

    private static async Task ExpectShortTasksAsync(PageUnderTest page)
    {
        double[] milliseconds = await page.Page.EvaluateAsync<double[]>(LongestTask);
        milliseconds[0].Should().BeLessThan(milliseconds[1]);
    }

    private async Task<PageUnderTest> OpenAsync(string address = "")
    {
        PageUnderTest page = await browser.OpenAsync();
        await page.Page.GotoAsync((await full.GetAsync()).Admin + address + (address.Length > 0 ? "&" : "#") + "period=all");
        return page;
    }
}
