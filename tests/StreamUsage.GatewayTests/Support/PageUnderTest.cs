using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace StreamUsage.GatewayTests.Support;

/// <summary>A page, and what it wrote to the console.</summary>
public sealed class PageUnderTest : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly ConcurrentQueue<string> _errors = new();

    public PageUnderTest(IBrowserContext context, IPage page)
    {
        (_context, Page) = (context, page);
        page.SetDefaultTimeout(Browser.Patience);
        page.PageError += (_, problem) => _errors.Enqueue(problem);
        page.Dialog += (_, dialog) => _errors.Enqueue($"A dialog was opened: {dialog.Message}");
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
            {
                _errors.Enqueue($"{message.Text} ({message.Location})");
            }
        };
    }

    public IPage Page { get; }

    /// <summary>Gets the errors and warnings of the console, and what was thrown.</summary>
    public IReadOnlyCollection<string> Errors => _errors;

    public ILocator this[string selector] => Page.Locator(selector);

    public ILocatorAssertions Expect(string selector) => Assertions.Expect(Page.Locator(selector));

    /// <summary>Waits until the address names no record. <c>WaitForURLAsync</c> would look once and then listen: it can
    /// miss the change in between.</summary>
    public Task ExpectNoRecordInAddressAsync() => Assertions.Expect(Page).Not.ToHaveURLAsync(new Regex("record="));

    /// <summary>Answers in place of the gateway when the page asks for sums: a large one for each name.</summary>
    public Task AnswerSumsAsync(Func<string[]> names) => Page.RouteAsync("**/usage?*", route => route.FulfillAsync(new()
    {
        ContentType = "application/json",
        Body = JsonSerializer.Serialize(new
        {
            sums = names().Select(static (name, i) => new
            {
                userId = name,
                apiKeyId = name,
                model = name,
                records = 100_000_000,
                failedRecords = 10_000_000,
                estimatedRecords = 0,
                billedUsage = new { totalInputTokens = 10, outputTokens = 10 },
                cost = 10_000_000_000 - i,
                unpricedRecords = 0,
            }),
            total = (object?)null,
            next = (int?)null,
        }),
    }));

    /// <summary>Presses Tab until an element has the focus.</summary>
    public async Task TabToAsync(string selector)
    {
        await Expect(selector).Not.ToHaveCountAsync(0);
        for (int i = 0; i < 200; i++)
        {
            if (await Page.EvaluateAsync<bool>("selector => document.activeElement.matches(selector)", selector))
            {
                return;
            }

            await Page.Keyboard.PressAsync("Tab");
        }

        throw new InvalidOperationException($"Tab does not lead to {selector}.");
    }

    public async ValueTask DisposeAsync()
    {
        await _context.DisposeAsync();
    }
}
