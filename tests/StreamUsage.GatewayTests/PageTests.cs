using Microsoft.Playwright;
using StreamUsage.GatewayTests.Support;
using StreamUsage.Pricing;
using StreamUsage.Sqlite;
using static Microsoft.Playwright.Assertions;

namespace StreamUsage.GatewayTests;

/// <summary>The page in a browser.</summary>
public sealed class PageTests(Browser browser) : IClassFixture<Browser>
{
    private static readonly LocatorAssertionsToBeVisibleOptions TenSeconds = new() { Timeout = 10_000 };

    [Fact]
    public async Task The_page_shows_live_figures_within_ten_seconds()
    {
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(demo: true);
        IPage page = await browser.OpenAsync(gateway.Admin);

        await Expect(page.Locator("#open tbody tr").First).ToBeVisibleAsync(TenSeconds);
        await Expect(page.Locator("#totals tbody tr").First).ToBeVisibleAsync(TenSeconds);
        await Expect(page.Locator("#state")).ToHaveTextAsync("Live");
        await Expect(page.Locator("#budgets li")).ToHaveCountAsync(3);
        await Expect(page.Locator("#sinks li")).ToHaveCountAsync(2);
        (await gateway.TerminateAsync()).Should().Be(0);
    }

    [Fact]
    public async Task A_sum_leads_to_its_records_and_a_record_to_its_JSON_by_keyboard()
    {
        await using GatewayProcess gateway = await GatewayProcess.StartAsync();
        await StoreAsync(gateway, 3, static i => Record(i, user: i == 0 ? "ann" : "bob"));
        IPage page = await browser.OpenAsync(gateway.Admin);

        await page.Locator("#totals a", new() { HasText = "bob" }).FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("#records tbody tr")).ToHaveCountAsync(2);
        await Expect(page.Locator("#drill-title")).ToBeFocusedAsync();
        await page.Locator("#records tbody button").First.FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("#record pre")).ToContainTextAsync("\"userId\": \"bob\"");
        await Expect(page.Locator("#record pre")).ToContainTextAsync("\"total\": 0.000000075000000000000000001");
        await page.Keyboard.PressAsync("Escape");
        await Expect(page.Locator("#records tbody button").First).ToBeFocusedAsync();
        await page.GoBackAsync();
        await Expect(page.Locator("#totals a", new() { HasText = "bob" })).ToBeFocusedAsync();
    }

    [Fact]
    public async Task A_gateway_without_responses_says_how_to_ask()
    {
        await using GatewayProcess gateway = await GatewayProcess.StartAsync();
        IPage page = await browser.OpenAsync(gateway.Admin);

        await Expect(page.Locator("#totals-empty")).ToContainTextAsync("curl -N");
        await Expect(page.Locator("#failures-empty")).ToBeVisibleAsync();
        await Expect(page.Locator("#open-empty")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task The_page_says_that_the_gateway_is_gone_and_recovers()
    {
        await using GatewayProcess gateway = await GatewayProcess.StartAsync();
        IPage page = await browser.OpenAsync(gateway.Admin);
        await Expect(page.Locator("#state")).ToHaveTextAsync("Live");

        await gateway.TerminateAsync();
        await Expect(page.Locator("#state")).ToContainTextAsync("does not answer");
        await gateway.RestartAsync();
        await Expect(page.Locator("#state")).ToHaveTextAsync("Live");
    }

    [Fact]
    public async Task Ten_thousand_records_are_shown_a_page_at_a_time()
    {
        await using GatewayProcess gateway = await GatewayProcess.StartAsync();
        await StoreAsync(gateway, 10_000, static i => Record(i, user: $"user-{i % 1_000}"));
        IPage page = await browser.OpenAsync(gateway.Admin);

        await Expect(page.Locator("#totals tfoot")).ToContainTextAsync("10,000", new() { Timeout = 10_000 });
        await Expect(page.Locator("#totals tbody tr")).ToHaveCountAsync(100);
        await page.Locator("#totals-more").ClickAsync();
        await Expect(page.Locator("#totals tbody tr")).ToHaveCountAsync(200);
        await page.GotoAsync(new Uri(gateway.Admin, "#records?status=Completed").ToString());
        await Expect(page.Locator("#records tbody tr")).ToHaveCountAsync(100);
        await page.Locator("#records-more").ClickAsync();
        await Expect(page.Locator("#records tbody tr")).ToHaveCountAsync(200);
    }

    [Fact]
    public async Task Names_and_messages_are_shown_as_text()
    {
        const string Name = "<img src=x onerror=document.title='run'>";
        await using GatewayProcess gateway = await GatewayProcess.StartAsync();
        await StoreAsync(gateway, 1, static i => Record(i, user: Name) with
        {
            Status = UsageStatus.Failed,
            Outcome = StreamOutcome.ProviderError,
            ErrorType = Name,
            ErrorMessage = Name,
        });
        IPage page = await browser.OpenAsync(gateway.Admin);

        await Expect(page.Locator("#totals a")).ToHaveTextAsync(Name);
        await Expect(page.Locator("#failures li")).ToContainTextAsync(Name);
        (await page.TitleAsync()).Should().Be("Gateway");
    }

    [Theory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task Text_stands_out_from_its_background(ColorScheme colors)
    {
        await using GatewayProcess gateway = await GatewayProcess.StartAsync();
        IPage page = await browser.OpenAsync(gateway.Admin, colors);

        // The contrast of WCAG 2, which asks for 4.5.
        double[] contrasts = await page.EvaluateAsync<double[]>("""
            () => {
              const luminance = color => color.match(/[\d.]+/g).slice(0, 3).map(v => v / 255)
                .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
                .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
              const back = luminance(getComputedStyle(document.querySelector('section')).backgroundColor);
              return ['h2', '.empty', '.tiles dt', 'nav a', '.error'].map(name => {
                const text = luminance(getComputedStyle(document.querySelector(name)).color);
                return (Math.max(text, back) + 0.05) / (Math.min(text, back) + 0.05);
              });
            }
            """);

        contrasts.Should().OnlyContain(contrast => contrast >= 4.5);
    }

    private static UsageRecord Record(int i, string user) => new()
    {
        Id = Guid.CreateVersion7(),
        Context = new UsageContext { UserId = user, ApiKeyId = "key-1", Model = "model-1" },
        Outcome = StreamOutcome.Completed,
        StartedAt = DateTimeOffset.UtcNow.AddSeconds(-i),
        BilledUsage = new TokenUsage { InputTokens = 10, OutputTokens = 5 },
        Cost = new UsageCost { Total = 0.000000075000000000000000001m },
    };

    private static async Task StoreAsync(GatewayProcess gateway, int count, Func<int, UsageRecord> create)
    {
        var store = new SqliteUsageStore(Path.Combine(gateway.Folder, "usage.db"));
        await store.RecordBatchAsync([.. Enumerable.Range(0, count).Select(create)], CancellationToken.None);
        await gateway.Http.SendAsync(Questions.Create(gateway.Proxy, "openai", secret: "unknown"));
    }
}
