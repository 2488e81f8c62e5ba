using Microsoft.Playwright;
using StreamUsage.GatewayTests.Support;

[assembly: AssemblyFixture(typeof(Browser))]

namespace StreamUsage.GatewayTests.Support;

/// <summary>The Chromium of this machine, without a window. Tests that ask for a page are skipped where there is
/// none.</summary>
public sealed class Browser : IAsyncLifetime
{
    // The environment variable that says which browser to use.
    private const string Variable = "STREAMUSAGE_CHROMIUM";

    /// <summary>How long each wait for the browser may take, in milliseconds. Other suites may run beside this
    /// one.</summary>
    public const float Patience = 60_000;

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async ValueTask InitializeAsync()
    {
        if (FindExecutable() is { } executable)
        {
            Assertions.SetDefaultExpectTimeout(Patience);
            _playwright = await Playwright.CreateAsync();
            // Containers run as root, where the sandbox cannot be.
            _browser = await _playwright.Chromium.LaunchAsync(
                new() { ExecutablePath = executable, Args = ["--no-sandbox"], Timeout = Patience });
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
    }

    /// <summary>Opens a window of its own, with neither cookies nor history.</summary>
    public async Task<PageUnderTest> OpenAsync(ColorScheme scheme = ColorScheme.Light, int width = 1280)
    {
        Assert.SkipWhen(_browser is null, $"No Chromium is installed: set {Variable}, or install the package chromium.");
        IBrowserContext context = await _browser.NewContextAsync(new()
        {
            ColorScheme = scheme,
            Locale = "en-US",
            ViewportSize = new() { Width = width, Height = 900 },
        });
        return new PageUnderTest(context, await context.NewPageAsync());
    }

    private static string? FindExecutable()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named)
        {
            return named;
        }

        string[] folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        string[] names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
        return names.SelectMany(name => folders.Select(folder => Path.Combine(folder, name)))
            .Append("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
            .FirstOrDefault(File.Exists);
    }
}
