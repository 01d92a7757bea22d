using System.Text.Json.Serialization;
using Keyway.Browser.Chromium;

namespace Keyway.Browser.Relay;

/// <summary>The relay's own page in a browser, and what can be seen of it from outside.</summary>
internal static class RelayPage
{
    /// <summary>Waits until the page plays and has told its story.</summary>
    /// <param name="page">The page.</param>
    /// <returns>A task that ends then.</returns>
    public static async Task PlaysAsync(this BrowserPage page)
    {
        await page.WaitUntilAsync("document.documentElement.dataset.state === 'playing' && document.querySelector('video').getVideoPlaybackQuality().totalVideoFrames > 5", TimeSpan.FromMinutes(2), Describe);
        await page.WaitUntilAsync("document.querySelectorAll('#items .item').length > 3 && document.querySelectorAll('#badges li').length > 1", TimeSpan.FromSeconds(30), Describe);
    }

    /// <summary>Waits until something is true of the page.</summary>
    /// <param name="page">The page.</param>
    /// <param name="expression">An expression, in which <c>video</c> is the element that plays.</param>
    /// <param name="seconds">How long it may take.</param>
    /// <returns>A task that ends then.</returns>
    public static Task UntilAsync(this BrowserPage page, string expression, int seconds = 30) =>
        page.WaitUntilAsync($"((video) => {expression})(document.querySelector('video'))", TimeSpan.FromSeconds(seconds), Describe);

    /// <summary>What the element that plays says of itself.</summary>
    /// <param name="page">The page.</param>
    /// <returns>Its state.</returns>
    public static Task<Playing> PlayingAsync(this BrowserPage page) => page.CallAsync<Playing>("""
        () => {
          const video = document.querySelector('video'), quality = video.getVideoPlaybackQuality();
          return {
            time: video.currentTime, width: video.videoWidth, frames: quality.totalVideoFrames, sound: video.webkitAudioDecodedByteCount, paused: video.paused, ended: video.ended,
            state: document.documentElement.dataset.state, error: video.error?.message ?? '', stalls: [...document.querySelectorAll('#numbers div')].find((row) => row.firstChild.textContent === 'Stalls')?.lastChild.textContent ?? '?',
          };
        }
        """);

    /// <summary>Draws the picture that is shown and counts its colours: a black or empty one has one.</summary>
    /// <param name="page">The page.</param>
    /// <returns>Brightness from 0 to 255, and how many colours of 4,096 there are.</returns>
    public static Task<Picture> LookAsync(this BrowserPage page) => page.CallAsync<Picture>("""
        () => {
          const video = document.querySelector('video'), canvas = document.createElement('canvas');
          canvas.width = 160; canvas.height = 90;
          const context = canvas.getContext('2d');
          context.drawImage(video, 0, 0, 160, 90);
          const { data } = context.getImageData(0, 0, 160, 90), colours = new Set();
          let sum = 0;
          for (let i = 0; i < data.length; i += 4) {
            sum += (data[i] + data[i + 1] + data[i + 2]) / 3;
            colours.add((data[i] >> 4) * 256 + (data[i + 1] >> 4) * 16 + (data[i + 2] >> 4));
          }
          return { brightness: sum / (data.length / 4), colours: colours.size };
        }
        """);

    private const string Describe = "JSON.stringify({ state: document.documentElement.dataset.state, time: document.querySelector('video')?.currentTime, ready: document.querySelector('video')?.readyState, problem: document.getElementById('problem-text')?.textContent, overlay: document.getElementById('overlay')?.textContent, items: document.querySelectorAll('#items .item').length })";

    /// <summary>What the element that plays says of itself.</summary>
    /// <param name="Time">Where it is, in seconds.</param>
    /// <param name="Width">How wide its pictures are.</param>
    /// <param name="Frames">How many frames were decoded.</param>
    /// <param name="Sound">How many bytes of audio were decoded.</param>
    /// <param name="Paused">Whether it stands.</param>
    /// <param name="Ended">Whether it has come to its end.</param>
    /// <param name="State">The page's word for it.</param>
    /// <param name="Error">What the browser complains of.</param>
    /// <param name="Stalls">How often it had to wait, in the page's words.</param>
    internal sealed record Playing(
        [property: JsonPropertyName("time")] double Time, [property: JsonPropertyName("width")] int Width, [property: JsonPropertyName("frames")] int Frames,
        [property: JsonPropertyName("sound")] long Sound, [property: JsonPropertyName("paused")] bool Paused, [property: JsonPropertyName("ended")] bool Ended,
        [property: JsonPropertyName("state")] string State, [property: JsonPropertyName("error")] string Error, [property: JsonPropertyName("stalls")] string Stalls);

    /// <summary>What a picture looks like.</summary>
    /// <param name="Brightness">From 0 to 255.</param>
    /// <param name="Colours">How many colours of 4,096 are in it.</param>
    internal sealed record Picture([property: JsonPropertyName("brightness")] double Brightness, [property: JsonPropertyName("colours")] int Colours);
}
