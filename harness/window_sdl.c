/*
 * A window by SDL2, drawn into by software.
 *
 * The frame is drawn in the window's own pixels, so that a display with many of them gets larger
 * text and no blur.
 */
#include "window.h"

#include <SDL.h>

#define SHARE_OF_DISPLAY 9 / 10 /* that a new window takes at most */
#define WIDTH_WANTED     1920
#define HEIGHT_WANTED    1080
#define WIDE_DISPLAY     2560 /* from here on, a window is as wide as its share allows */
#define WHEEL_LINES      3
#define PAGE_LINES       20

static SDL_Window *window;
static SDL_Surface *drawing; /* of a format of ours, where the window's is another; or NULL */

static void close_window(void)
{
    SDL_FreeSurface(drawing);
    drawing = NULL;
    if (window != NULL)
        SDL_DestroyWindow(window);
    window = NULL;
    SDL_QuitSubSystem(SDL_INIT_VIDEO);
}

static void choose_size(int *width, int *height)
{
    SDL_Rect room;
    if (*width > 0 && *height > 0)
        return;
    *width = WIDTH_WANTED;
    *height = HEIGHT_WANTED;
    if (SDL_GetDisplayUsableBounds(0, &room) != 0)
        return;
    int share_width = room.w * SHARE_OF_DISPLAY, share_height = room.h * SHARE_OF_DISPLAY;
    if (room.w > WIDE_DISPLAY || share_width < *width)
        *width = share_width;
    if (room.w > WIDE_DISPLAY || share_height < *height)
        *height = share_height;
}

/* SDL would otherwise be content with a driver that shows nothing. */
static const char *choose_driver(void)
{
    const char *wayland = SDL_getenv("WAYLAND_DISPLAY");
    const char *x11 = SDL_getenv("DISPLAY");
    bool has_wayland = wayland != NULL && wayland[0] != '\0';
    bool has_x11 = x11 != NULL && x11[0] != '\0';

    if (SDL_getenv("SDL_VIDEODRIVER") != NULL)
        return NULL;
    if (!has_wayland && !has_x11)
        return "neither DISPLAY nor WAYLAND_DISPLAY is set";
    SDL_SetHint(SDL_HINT_VIDEODRIVER, has_wayland && has_x11 ? "x11,wayland"
                                      : has_x11              ? "x11"
                                                             : "wayland");
    return NULL;
}

static const char *open_window(const char *title, int width, int height)
{
    const char *missing = choose_driver();
    if (missing != NULL)
        return missing;
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");       /* Ctrl-C is ringside's */
    SDL_SetHint(SDL_HINT_FRAMEBUFFER_ACCELERATION, "0"); /* what is drawn is in memory anyway */
    SDL_SetHint(SDL_HINT_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR, "0");
    if (SDL_InitSubSystem(SDL_INIT_VIDEO) != 0)
        return SDL_GetError();
    choose_size(&width, &height);
    window = SDL_CreateWindow(title, SDL_WINDOWPOS_UNDEFINED, SDL_WINDOWPOS_UNDEFINED, width,
                              height, SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI);
    if (window == NULL) {
        SDL_QuitSubSystem(SDL_INIT_VIDEO);
        return SDL_GetError();
    }
    return NULL;
}

static void set_title(const char *title)
{
    SDL_SetWindowTitle(window, title);
}

/* ---- input ---- */

static const struct {
    SDL_Keycode key;
    enum window_wish wish;
    int amount;
} keys[] = {
    {SDLK_SPACE, WINDOW_RUN, 0},
    {SDLK_RIGHT, WINDOW_STEP, 0},
    {SDLK_LEFT, WINDOW_BACK, 0},
    {SDLK_n, WINDOW_NOTIFICATION, 0},
    {SDLK_u, WINDOW_USED, 0},
    {SDLK_i, WINDOW_INTERRUPT, 0},
    {SDLK_r, WINDOW_RESET, 0},
    {SDLK_f, WINDOW_FINDING, 0},
    {SDLK_HOME, WINDOW_START, 0},
    {SDLK_END, WINDOW_END, 0},
    {SDLK_PLUS, WINDOW_FASTER, 0},
    {SDLK_EQUALS, WINDOW_FASTER, 0},
    {SDLK_KP_PLUS, WINDOW_FASTER, 0},
    {SDLK_MINUS, WINDOW_SLOWER, 0},
    {SDLK_KP_MINUS, WINDOW_SLOWER, 0},
    {SDLK_TAB, WINDOW_QUEUE, 0},
    {SDLK_d, WINDOW_SCANOUT, 0},
    {SDLK_PAGEUP, WINDOW_SCROLL, PAGE_LINES},
    {SDLK_PAGEDOWN, WINDOW_SCROLL, -PAGE_LINES},
    {SDLK_s, WINDOW_SAVE, 0},
    {SDLK_h, WINDOW_HELP, 0},
    {SDLK_F1, WINDOW_HELP, 0},
    {SDLK_q, WINDOW_QUIT, 0},
    {SDLK_ESCAPE, WINDOW_LEAVE, 0},
};

static bool take_key(const SDL_KeyboardEvent *event, struct window_input *input)
{
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (keys[i].key != event->keysym.sym)
            continue;
        *input = (struct window_input){keys[i].wish, (event->keysym.mod & KMOD_SHIFT) != 0,
                                       keys[i].amount};
        return true;
    }
    return false;
}

static bool take(const SDL_Event *event, struct window_input *input)
{
    switch (event->type) {
    case SDL_QUIT:
        *input = (struct window_input){.wish = WINDOW_QUIT};
        return true;
    case SDL_KEYDOWN:
        return take_key(&event->key, input);
    case SDL_MOUSEWHEEL:
        *input =
            (struct window_input){.wish = WINDOW_SCROLL, .amount = event->wheel.y * WHEEL_LINES};
        return true;
    case SDL_WINDOWEVENT:
        *input = (struct window_input){.wish = WINDOW_REDRAW};
        return event->window.event == SDL_WINDOWEVENT_EXPOSED ||
               event->window.event == SDL_WINDOWEVENT_SIZE_CHANGED;
    }
    return false;
}

static bool next_input(struct window_input *input, int wait_ms)
{
    SDL_Event event;
    Uint64 end = SDL_GetTicks64() + (Uint64)(wait_ms > 0 ? wait_ms : 0);

    for (Uint64 now = SDL_GetTicks64();
         SDL_WaitEventTimeout(&event, now < end ? (int)(end - now) : 0); now = SDL_GetTicks64()) {
        if (take(&event, input))
            return true;
        if (now >= end)
            return false;
    }
    return false;
}

/* ---- drawing ---- */

static bool is_ours(const SDL_PixelFormat *format)
{
    return format->BytesPerPixel == 4 && format->Rmask == 0xff0000 && format->Gmask == 0xff00 &&
           format->Bmask == 0xff;
}

static bool begin(struct canvas *canvas)
{
    SDL_Surface *surface = SDL_GetWindowSurface(window);
    if (surface == NULL)
        return false;
    if (!is_ours(surface->format)) {
        if (drawing == NULL || drawing->w != surface->w || drawing->h != surface->h) {
            SDL_FreeSurface(drawing);
            drawing = SDL_CreateRGBSurfaceWithFormat(0, surface->w, surface->h, 32,
                                                     SDL_PIXELFORMAT_RGB888);
        }
        surface = drawing;
    }
    if (surface == NULL)
        return false;
    *canvas = (struct canvas){surface->w,
                              surface->h,
                              surface->pitch / 4,
                              surface->pixels,
                              {0, 0, surface->w, surface->h}};
    return true;
}

static void end(void)
{
    SDL_Surface *surface = SDL_GetWindowSurface(window);
    if (surface != NULL && drawing != NULL && !is_ours(surface->format))
        SDL_BlitSurface(drawing, NULL, surface, NULL);
    SDL_UpdateWindowSurface(window);
}

__attribute__((visibility("default")))
const struct window_api ringside_window = {open_window, close_window, set_title,
                                           next_input,  begin,        end};
