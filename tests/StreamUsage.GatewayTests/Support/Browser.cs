using Microsoft.Playwright;

namespace StreamUsage.GatewayTests.Support;

/// <summary>The system's Chromium, without a window. Tests are skipped where there is none.</summary>
public sealed class Browser : IAsyncLifetime
{
    private static readonly string[] Places =
        ["/usr/bin/chromium",
            "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"];

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async ValueTask InitializeAsync()
    {
        if (Places.FirstOrDefault(File.Exists) is { } chromium)
        {
            _playwright = await Playwright.CreateAsync();
            _browser = await _playwright.Chromium
                .LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = chromium, Args = ["--no-sandbox"] });
        }
    }

    public async ValueTask DisposeAsync()
    {
        await (_browser?.DisposeAsync() ?? default);
        _playwright?.Dispose();
    }

    /// <summary>Opens a page whose errors fail the test when it is closed.</summary>
    public async Task<IPage> OpenAsync(Uri address, ColorScheme colors = ColorScheme.Light, int width = 1400)
    {
        Assert.SkipWhen(_browser is null, "needs Chromium: apt-get install chromium");
        IPage page = await _browser!.NewPageAsync(new BrowserNewPageOptions
        {
            ColorScheme = colors,
            ViewportSize = new ViewportSize { Width = width, Height = 1000 },
        });
        page.SetDefaultTimeout(20_000);
        await page.GotoAsync(address.ToString());
        return page;
    }
}
