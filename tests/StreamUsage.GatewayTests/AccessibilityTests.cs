using System.Text.Json;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using StreamUsage.GatewayTests.Support;

namespace StreamUsage.GatewayTests;

/// <summary>The page in light and dark, wide and narrow.</summary>
public sealed class AccessibilityTests(Browser browser, DemoGateway demo) : IClassFixture<DemoGateway>
{
    // The text with the lowest contrast (WCAG 2.2, 1.4.3), and that contrast: each visible text against what is behind
    // it.
    private const string LowestContrast = """
        () => {
            const parse = color => color.match(/[\d.]+/g).map(Number);
            const luminance = ([r, g, b]) => [r, g, b].map(v => v / 255)
                .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
                .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
            const behind = at => {
                for (; at; at = at.parentElement) {
                    const color = parse(getComputedStyle(at).backgroundColor);
                    if (color.length === 3 || color[3] > 0) return color;
                }
                return [255, 255, 255];
            };
            let lowest = { contrast: 21, text: '' };
            for (const at of document.body.querySelectorAll('*')) {
                const text = [...at.childNodes].filter(one => one.nodeType === 3).map(one => one.data.trim()).join('');
                if (!text || !at.checkVisibility() || at instanceof SVGElement || at.tagName === 'OPTION') continue;
                const [light, dark] = [luminance(parse(getComputedStyle(at).color)), luminance(behind(at))].sort((a, b) => b - a);
                const contrast = (light + 0.05) / (dark + 0.05);
                if (contrast < lowest.contrast) lowest = { contrast, text };
            }
            return lowest;
        }
        """;

    // Keeps the streams of the page, so that a test can end its updates.
    private const string KeepStreams = """
        window.streams = [];
        window.EventSource = class extends EventSource {
            constructor(address) {
                super(address);
                window.streams.push(this);
            }
        };
        """;

    [Theory]
    [InlineData(ColorScheme.Light, 1280, "")]
    [InlineData(ColorScheme.Light, 400, "")]
    [InlineData(ColorScheme.Dark, 1280, "")]
    [InlineData(ColorScheme.Light, 1280, "#view=records")]
    [InlineData(ColorScheme.Dark, 400, "#view=records")]
    public async Task Page_keeps_the_rules_of_axe(ColorScheme scheme, int width, string address)
    {
        await using PageUnderTest page = await OpenAsync(scheme, width, address);

        (await FindViolationsAsync(page)).Should().BeEmpty();
    }

    [Theory]
    [InlineData(ColorScheme.Light, "")]
    [InlineData(ColorScheme.Dark, "")]
    [InlineData(ColorScheme.Light, "#view=records")]
    [InlineData(ColorScheme.Dark, "#view=records")]
    public async Task Text_stands_out_from_what_is_behind_it(ColorScheme scheme, string address)
    {
        await using PageUnderTest page = await OpenAsync(scheme, 1280, address);

        JsonElement lowest = await page.Page.EvaluateAsync<JsonElement>(LowestContrast);

        lowest.GetProperty("contrast").GetDouble().Should().BeInRange(4.5, 20, "it is that of {0}", lowest.GetProperty("text"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("#view=records")]
    public async Task Narrow_window_does_not_scroll_sideways(string address)
    {
        await using PageUnderTest page = await OpenAsync(ColorScheme.Light, 360, address);

        (await page.Page.EvaluateAsync<int>("() => document.documentElement.scrollWidth")).Should().BeLessThanOrEqualTo(360);
    }

    [Fact]
    public async Task Long_names_and_large_sums_do_not_widen_a_narrow_window()
    {
        await using PageUnderTest page = await browser.OpenAsync(width: 360);
        await page.AnswerSumsAsync(static () => [new string('x', 300)]);
        await page.Page.GotoAsync((await demo.GetAsync()).Admin.ToString());
        await page.Expect("#by-model a").ToHaveCountAsync(1);

        (await page.Page.EvaluateAsync<int>("() => document.documentElement.scrollWidth")).Should().BeLessThanOrEqualTo(360);
    }

    [Fact]
    public async Task Open_record_keeps_the_rules_of_axe()
    {
        await using PageUnderTest page = await OpenAsync(ColorScheme.Dark, 1280, "#view=records");
        await page["#records a"].First.ClickAsync();
        await page.Expect("#record-json").ToContainTextAsync("\"id\"");

        (await FindViolationsAsync(page)).Should().BeEmpty();
    }

    private static async Task<string[]> FindViolationsAsync(PageUnderTest page)
    {
        // An update would replace elements that axe is looking at.
        await page.Page.EvaluateAsync("() => window.streams.forEach(stream => stream.close())");
        return [.. (await page.Page.RunAxe()).Violations.Select(static one =>
            $"{one.Id}: {string.Join(", ", one.Nodes.Select(static node => node.Html))}")];
    }

    private async Task<PageUnderTest> OpenAsync(ColorScheme scheme, int width, string address)
    {
        PageUnderTest page = await browser.OpenAsync(scheme, width);
        await page.Page.AddInitScriptAsync(KeepStreams);
        await page.Page.GotoAsync((await demo.GetAsync()).Admin + address);
        await page.Expect("#connection").ToHaveTextAsync("Live");
        await page.Expect($"{(address.Length > 0 ? "#records" : "#by-model")} a").Not.ToHaveCountAsync(0);
        return page;
    }
}
